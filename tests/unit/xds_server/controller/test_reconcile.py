from dataclasses import replace

from tests.conversations.controller.script import (
    PLAN,
    PROXY,
    Conversation,
    program,
    snapshot,
    targets,
)
from translators.plan.model import Plan
from xds_server.controller.reconcile import settled
from xds_server.controller.state import Committed, State, Tick
from xds_server.controller.targets import Targets
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind


def test_with_nobody_connected_a_revision_holds_at_once() -> None:
    talk = Conversation()
    assert talk.commit(1, targets(snapshot("a"))) == ["proxy a"]
    assert talk.state.acked


def test_a_stranger_holds_no_revision_up() -> None:
    talk = Conversation()
    talk >> Connected(Device(DeviceKind.PROXY, "stranger"), 0.0)
    talk.commit(1, targets(snapshot("a")))
    assert settled(talk.state)


def test_a_revision_is_reached_once() -> None:
    talk = Conversation()
    talk >> Connected(PROXY, 0.0)
    talk.commit(1, targets(snapshot("a")))
    assert talk.ack_proxy() == ["reached 1"]
    assert talk.ack_proxy() == []
    assert talk >> Tick(99.0) == []


def test_a_host_that_is_gone_is_told_nothing_more() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    rest = replace(PLAN, hosts=tuple(h for h in PLAN.hosts if h.name != "host1"))
    left = Targets({"host2": snapshot()})
    assert talk >> Committed(2, rest, left, {}, 2.0) == ["withdraw host1"]
    assert "host1" not in talk.state.published
    assert talk.commit(3, targets(snapshot("a"), program(1))) == ["proxy a", "bridge 1"]


def test_a_host_with_another_bridge_is_programmed_anew() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    moved = replace(
        PLAN,
        hosts=tuple(replace(h, datapath_id=77) if h.name == "host1" else h for h in PLAN.hosts),
    )
    told = talk >> Committed(2, moved, targets(snapshot("a"), program(1)), {}, 2.0)
    assert told == ["bridge 1"]


def test_a_switch_is_synced_by_its_version() -> None:
    from xds_server.snapshots.model import SwitchConfig

    talk = Conversation()
    leaf = Device(DeviceKind.SWITCH, "leaf1")
    config = SwitchConfig("leaf1", "frr", "{}", "v1")
    talk >> Connected(leaf, 0.0)
    talk >> Committed(1, PLAN, Targets(switches={"leaf1": config}, proxies=_none()), {}, 1.0)
    assert not talk.state.acked
    assert talk >> Acked(leaf, "config", "v0", 2.0) == []
    assert talk >> Acked(leaf, "config", "v1", 3.0) == ["reached 1"]


def _none() -> dict[str, object]:
    return {host.name: snapshot() for host in PLAN.hosts}


def test_the_first_state_holds_nothing() -> None:
    assert State().plan == Plan()
    assert settled(State())
