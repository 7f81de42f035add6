"""A switch's change as a conversation: event in, effects and evidence out."""

import pytest

from xds_server.protocols.fabric.transaction import (
    Applied,
    Apply,
    Check,
    Checked,
    Event,
    Fault,
    Held,
    Hold,
    Output,
    Phase,
    Transaction,
    Verified,
    Verify,
    Wanted,
    step,
)
from xds_server.snapshots.evidence import Acked, Device, DeviceKind, Nacked, Offered
from xds_server.snapshots.model import SwitchConfig

LEAF = Device(DeviceKind.SWITCH, "leaf1")
OLD = SwitchConfig("leaf1", "old frr", "{}", "v0")
NEW = SwitchConfig("leaf1", "new frr", "{}", "v1")
NEXT = SwitchConfig("leaf1", "next frr", "{}", "v2")
LAST = SwitchConfig("leaf1", "last frr", "{}", "v3")


class Conversation:
    """Feeds one machine, a second between events."""

    def __init__(self) -> None:
        self.change = Transaction("leaf1")
        self.now = 0.0

    def __rshift__(self, event: Event) -> tuple[Output, ...]:
        self.now += 1.0
        self.change, outputs = step(self.change, event, self.now)
        return outputs

    def until_applied(self) -> None:
        assert self >> Wanted(NEW) == (Offered(LEAF, "config", "v1", 1.0), Check(NEW))
        assert self >> Checked() == (Hold(),)
        assert self >> Held(OLD) == (Apply(NEW),)


def test_a_good_change_is_checked_held_applied_verified() -> None:
    talk = Conversation()
    talk.until_applied()
    assert talk >> Applied(7) == (Verify(NEW),)
    assert talk >> Verified() == (Acked(LEAF, "config", "v1", 5.0, written=7),)
    assert talk.change == Transaction("leaf1")


def test_an_equal_change_is_acknowledged_with_nothing_written() -> None:
    talk = Conversation()
    talk.until_applied()
    assert talk >> Applied() == (Verify(NEW),)
    assert talk >> Verified() == (Acked(LEAF, "config", "v1", 5.0, written=0),)


def test_what_the_parser_refuses_touches_nothing() -> None:
    talk = Conversation()
    talk >> Wanted(NEW)
    outputs = talk >> Checked(Fault("unknown command", "frr.conf:7: bgp routr-id"))
    refused = Nacked(LEAF, "config", "v1", 2.0, "unknown command", "frr.conf:7: bgp routr-id")
    assert outputs == (refused,)
    assert talk.change.phase is Phase.IDLE


def test_a_failed_change_is_rolled_back_and_that_is_verified() -> None:
    talk = Conversation()
    talk.until_applied()
    assert talk >> Applied(3, Fault("no such peer group", "neighbor x")) == (Apply(OLD),)
    assert talk >> Applied(3) == (Verify(OLD),)
    (refused,) = talk >> Verified()
    assert isinstance(refused, Nacked)
    assert refused.reason == "no such peer group; rolled back to what ran before"
    assert refused.resource == "neighbor x"


def test_a_change_that_does_not_hold_is_rolled_back() -> None:
    talk = Conversation()
    talk.until_applied()
    talk >> Applied(3)
    assert talk >> Verified(("- neighbor y", "+ neighbor x")) == (Apply(OLD),)
    talk >> Applied(2)
    (refused,) = talk >> Verified()
    assert isinstance(refused, Nacked)
    assert refused.reason.startswith("after the change 2 lines are not as wanted")
    assert refused.resource == "- neighbor y"


def test_a_roll_back_that_fails_says_what_is_left() -> None:
    talk = Conversation()
    talk.until_applied()
    talk >> Applied(3, Fault("no such peer group"))
    assert talk >> Applied(0, Fault("bgpd is gone")) == (Verify(OLD),)
    (refused,) = talk >> Verified(("+ router bgp 65001",))
    assert isinstance(refused, Nacked)
    assert "rolling back left 1 lines behind" in refused.reason
    assert "+ router bgp 65001" in refused.reason


def test_of_several_newer_versions_only_the_last_follows() -> None:
    talk = Conversation()
    talk.until_applied()
    assert talk >> Wanted(NEXT) == ()
    assert talk >> Wanted(LAST) == ()
    talk >> Applied(1)
    done, offered, check = talk >> Verified()
    assert isinstance(done, Acked)
    assert offered == Offered(LEAF, "config", "v3", talk.now)
    assert check == Check(LAST)
    assert talk.change.pending is None


def test_a_newer_version_follows_a_refused_one() -> None:
    talk = Conversation()
    talk >> Wanted(NEW)
    talk >> Wanted(NEXT)
    refused, _, check = talk >> Checked(Fault("unknown command"))
    assert isinstance(refused, Nacked)
    assert refused.version == "v1"
    assert check == Check(NEXT)


@pytest.mark.parametrize("event", [Checked(), Held(OLD), Applied(), Verified()])
def test_an_answer_to_no_question_is_our_own_bug(event: Event) -> None:
    with pytest.raises(ValueError, match="does not answer"):
        step(Transaction("leaf1"), event, 1.0)


def test_another_switchs_configuration_is_our_own_bug() -> None:
    with pytest.raises(ValueError, match="leaf2"):
        step(Transaction("leaf1"), Wanted(SwitchConfig("leaf2", "", "{}", "v")), 1.0)
