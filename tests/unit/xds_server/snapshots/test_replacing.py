import dataclasses

import pytest

from xds_server.controller.state import State
from xds_server.snapshots.model import Snapshot
from xds_server.snapshots.replacing import replace
from xds_server.status.model import Refusal, TypeStatus


def test_it_is_what_dataclasses_make() -> None:
    old = TypeStatus("a", "b", "c", Refusal("d", "no"), 1.0, 3)
    for changes in ({}, {"wanted": "x"}, {"refusal": None, "written": 0, "at": 2.0}):
        new = replace(old, **changes)  # type: ignore[arg-type]
        assert new == dataclasses.replace(old, **changes)  # type: ignore[arg-type]
        assert type(new) is TypeStatus
        assert hash(new) == hash(dataclasses.replace(old, **changes))  # type: ignore[arg-type]
    assert old == TypeStatus("a", "b", "c", Refusal("d", "no"), 1.0, 3)


def test_what_does_not_change_stays_the_same_object() -> None:
    old = State()
    new = replace(old, revision=2)
    assert new.revision == 2
    assert new.status is old.status
    assert new.published is old.published


def test_a_field_that_there_is_not_and_a_class_that_makes_more_of_its_fields_are_refused() -> None:
    with pytest.raises(TypeError, match="TypeStatus has no wnated"):
        replace(TypeStatus(), wnated="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Snapshot has to be made by its own"):
        replace(Snapshot({}), given={})
