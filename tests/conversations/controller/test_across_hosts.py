"""The order of two hosts' bridges on a change: who receives is widened first and narrowed last."""

from collections.abc import Mapping, Sequence

from tests.conversations.controller.script import PLAN, snapshot
from translators.openflow.tables import Table
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import (
    FLOWS,
    STAGE_SECONDS,
    Committed,
    Effect,
    Event,
    PublishBridge,
    State,
    Tick,
)
from xds_server.controller.targets import Targets
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Nacked,
    PortsChanged,
)
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, program_of

PORTS: Mapping[str, Mapping[str, int]] = {"host1": {}, "host2": {}}
HOSTS = {host.datapath_id: host.name for host in PLAN.hosts}


def program(sends: str, accepts: str) -> BridgeProgram:
    """Return a program with a flow for each letter that it sends, or accepts from other hosts."""
    tables = ((Table.POLICY, sends), (Table.ARRIVAL, accepts))
    keys = [FlowKey(table, 1, letter.encode()) for table, letters in tables for letter in letters]
    return program_of([FlowEntry(key, 1, b"") for key in keys], [])


class Network:
    """Two hosts, the bridges of those that are ``here``, and no proxy connected."""

    def __init__(
        self, one: BridgeProgram, two: BridgeProgram, here: Sequence[str] = ("host1", "host2")
    ) -> None:
        self.state = State()
        self.now = 1.0
        for name in here:
            bridge = Device(DeviceKind.BRIDGE, name)
            self >> Connected(bridge, self.now)
            self >> PortsChanged(bridge, self.now, {})
        self.commit(1, one, two)
        for name in here:
            self.ack(name)
        assert self.state.acked

    def __rshift__(self, event: Event) -> list[str]:
        self.now = event.at
        self.state, effects = reconcile(self.state, event)
        return [words for effect in effects if (words := spoken(effect))]

    def commit(self, revision: int, one: BridgeProgram, two: BridgeProgram) -> list[str]:
        proxies = {"host1": snapshot(), "host2": snapshot()}
        wanted = Targets(proxies, {"host1": one, "host2": two})
        return self >> Committed(revision, PLAN, wanted, PORTS, self.now + 1)

    def ack(self, host: str) -> list[str]:
        bridge = Device(DeviceKind.BRIDGE, host)
        wanted = self.state.status.of(bridge).types[FLOWS].wanted
        return self >> Acked(bridge, FLOWS, wanted, self.now)


def spoken(effect: Effect) -> str:
    if not isinstance(effect, PublishBridge):
        return ""
    parts = {Table.POLICY: "", Table.ARRIVAL: ""}
    for key in sorted(effect.program.flows):
        parts[Table(key.table)] += key.match.decode()
    host = HOSTS[effect.datapath_id]
    return f"{host} sends {parts[Table.POLICY]} accepts {parts[Table.ARRIVAL]}"


def test_who_receives_is_widened_before_anybody_sends() -> None:
    net = Network(program("a", ""), program("", "a"))
    assert net.commit(2, program("ab", ""), program("", "ab")) == ["host2 sends  accepts ab"]
    assert net.ack("host2") == ["host1 sends ab accepts "]
    assert net.ack("host1") == []
    assert net.state.acked


def test_who_sends_is_narrowed_before_anybody_refuses() -> None:
    net = Network(program("ab", ""), program("", "ab"))
    assert net.commit(2, program("a", ""), program("", "a")) == ["host1 sends a accepts "]
    assert not net.state.acked
    assert net.ack("host1") == ["host2 sends  accepts a"]
    assert not net.state.acked
    net.ack("host2")
    assert net.state.acked


def test_a_change_both_ways_widens_then_moves_then_narrows() -> None:
    net = Network(program("a", "x"), program("x", "a"))
    assert net.commit(2, program("b", "y"), program("y", "b")) == [
        "host1 sends a accepts xy",
        "host2 sends x accepts ab",
    ]
    assert net.ack("host1") == []  # host2 does not accept it yet
    assert net.ack("host2") == ["host1 sends b accepts xy", "host2 sends y accepts ab"]
    assert net.ack("host2") == []  # host1 may still send what host2 would refuse
    assert net.ack("host1") == ["host1 sends b accepts y", "host2 sends y accepts b"]
    net.ack("host1")
    net.ack("host2")
    assert net.state.acked
    assert not net.state.rollouts


def test_a_bridge_without_any_other_changes_in_one_step() -> None:
    net = Network(program("a", "x"), program("x", "a"), here=["host1"])
    told = net.commit(2, program("b", "y"), program("y", "b"))
    told += net.ack("host1")
    assert [words for words in told if words.startswith("host1")] == ["host1 sends b accepts y"]
    assert net.state.acked


def test_a_bridge_that_is_away_may_send_as_it_did() -> None:
    net = Network(program("a", "x"), program("x", "a"))
    net >> Disconnected(Device(DeviceKind.BRIDGE, "host2"), net.now)
    told = net.commit(2, program("b", "y"), program("y", "b"))
    assert told[0] == "host1 sends a accepts xy"


def test_a_silent_receiver_holds_the_others_up_for_a_while_only() -> None:
    net = Network(program("a", ""), program("", "a"))
    net.commit(2, program("ab", ""), program("", "ab"))
    assert net >> Tick(net.now + STAGE_SECONDS / 2) == []
    assert net >> Tick(net.now + STAGE_SECONDS) == ["host1 sends ab accepts "]


def test_a_receiver_that_refuses_holds_nobody_up() -> None:
    net = Network(program("a", ""), program("", "a"))
    net.commit(2, program("ab", ""), program("", "ab"))
    bridge = Device(DeviceKind.BRIDGE, "host2")
    wanted = net.state.status.of(bridge).types[FLOWS].wanted
    told = net >> Nacked(bridge, FLOWS, wanted, net.now, "TABLE_FULL")
    assert "host1 sends ab accepts " in told


def test_the_last_program_is_the_one_that_was_asked_for() -> None:
    net = Network(program("a", "x"), program("x", "a"))
    net.commit(2, program("b", "y"), program("y", "b"))
    net.commit(3, program("c", "z"), program("z", "c"))  # amid the first
    for _ in range(4):
        net.ack("host1")
        net.ack("host2")
    assert net.state.programs["host1"] == program("c", "z")
    assert net.state.programs["host2"] == program("z", "c")
    assert net.state.acked
