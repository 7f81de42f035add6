import pytest

from tests.controlling import policies, shop
from translators.policy.documents import Documents, documents
from xds_server.controller.compile import load_files
from xds_server.controller.errors import NotFoundError, UnsafeError
from xds_server.controller.merge import changes_between, merged, restore, stored, without
from xds_server.controller.values import ChangeKind, SourceFile


def of(files: list[SourceFile]) -> Documents:
    return documents(load_files(files)[0])


CURRENT = of(shop())


def test_what_is_given_replaces_what_has_its_key() -> None:
    given = load_files(policies("priority: 100", "priority: 7"))[0]
    after = merged(CURRENT, given, prune=False)
    assert set(after.by_key) == set(CURRENT.by_key)
    changes = changes_between(CURRENT, after)
    assert [(c.change, c.object.key) for c in changes] == [
        (ChangeKind.CHANGED, "policy/shop/reviews")
    ]


def test_another_line_is_a_move_and_no_change() -> None:
    moved = of([SourceFile("policies.yaml", "\n" + policies()[0].text)])
    after = CURRENT.edited(moved)
    assert {c.change for c in changes_between(CURRENT, after)} == {ChangeKind.MOVED}


def test_pruning_removes_what_is_not_given() -> None:
    given = load_files(policies())[0]
    after = merged(CURRENT, given, prune=True)
    assert set(after.by_key) == {d.key for d in given}
    assert {c.change for c in changes_between(CURRENT, after)} == {ChangeKind.REMOVED}


def test_pruning_with_nothing_is_refused() -> None:
    with pytest.raises(UnsafeError, match="delete --all"):
        merged(CURRENT, [], prune=True)
    assert merged(Documents(), [], prune=True) == Documents()


def test_a_key_given_twice_stays_twice_for_the_compiler_to_refuse() -> None:
    given = load_files([*policies(), SourceFile("b.yaml", policies()[0].text)])[0]
    keys = [d.key for d in merged(CURRENT, given, prune=False)]
    assert keys.count("policy/shop/reviews") == 2


def test_what_is_stored_loads_again_with_its_lines() -> None:
    again = restore(stored(document) for document in CURRENT)
    assert again == dict(CURRENT.by_key)
    one = again["policy/shop/reviews"]
    assert one.line("spec", "priority") == CURRENT.by_key[one.key].line("spec", "priority")


def test_a_stored_object_that_no_longer_loads_is_named() -> None:
    from dataclasses import replace

    broken = replace(stored(CURRENT.by_key["tenant/shop"]), source="kind: [")
    with pytest.raises(ValueError, match="tenant/shop"):
        restore([broken])


def test_deleting_what_is_not_there_names_it() -> None:
    with pytest.raises(NotFoundError, match="host/nowhere"):
        without(CURRENT, ["host/host1", "host/nowhere"])
    assert "host/host1" not in [d.key for d in without(CURRENT, ["host/host1"])]
