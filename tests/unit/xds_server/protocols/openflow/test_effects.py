"""Effects are values: they compare by content and cannot be changed."""

from dataclasses import FrozenInstanceError

import pytest

from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.effects import Close, Counted, Identified, Send


def test_effects_compare_by_content() -> None:
    assert Send(b"a") == Send(b"a") != Send(b"b")
    assert Identified(1) != Close("1")
    assert Counted(1, Counters({(0, 5): (1, 2)})) == Counted(1, Counters({(0, 5): (1, 2)}))


def test_effects_cannot_be_changed() -> None:
    effect = Send(b"a")
    with pytest.raises(FrozenInstanceError):
        effect.data = b"b"  # type: ignore[misc]
