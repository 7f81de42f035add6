"""Whatever devices say, in whatever order: who may go on has gone on, and what is derived holds."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plans import shop_plan
from translators.openflow.tables import Table
from xds_server.controller.progress import progressed
from xds_server.controller.reconcile import reconcile
from xds_server.controller.rollout import advance
from xds_server.controller.state import (
    FLOWS,
    Answered,
    Committed,
    DeclareHosts,
    Event,
    Stage,
    State,
    Tick,
)
from xds_server.controller.targets import Targets
from xds_server.controller.values import Reach
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Nacked,
    PortsChanged,
)
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    Resource,
    Snapshot,
    program_of,
    snapshot_of,
)
from xds_server.status.model import status_of

LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
HOSTS = ("host1", "host2", "host3")
BASE = shop_plan()
MORE = replace(BASE.hosts[0], name="host3", datapath_id=99, switch=None, switch_port=None)
PLAN = replace(BASE, hosts=(*BASE.hosts, MORE))
PORTS = {name: {"web": 1} for name in HOSTS}


def _program(rng: Random) -> BridgeProgram:
    sends = FlowEntry(FlowKey(0, 1, b""), rng.randrange(3), b"")
    accepts = [FlowEntry(FlowKey(Table.ARRIVAL, n, b""), n, b"") for n in rng.sample(range(3), 2)]
    return program_of([sends, *accepts], [])


def _snapshot(rng: Random) -> Snapshot:
    names = rng.sample("abc", rng.randint(0, 2))
    return snapshot_of(Resource(LISTENER, name, bytes([rng.randrange(2)])) for name in names)


def _commit(rng: Random, state: State, now: float) -> Event:
    proxies = {name: _snapshot(rng) for name in HOSTS}
    bridges = {name: _program(rng) for name in HOSTS if name in state.ports}
    if rng.randrange(2) and state.revision:  # as most changes: other flows, the same resources
        same = rng.choice(tuple(state.targets.bridges or {"": None}))
        if rng.randrange(2):
            bridges |= {h: p for h, p in state.targets.bridges.items() if h != same}
        return Committed(
            state.revision + 1, PLAN, replace(state.targets, bridges=bridges), PORTS, now
        )
    if rng.randrange(3) == 0:
        proxies = {**state.targets.proxies, "host1": _snapshot(rng)}
    proxies = {name: proxies.get(name, snapshot_of([])) for name in HOSTS}
    return Committed(state.revision + 1, PLAN, Targets(proxies, bridges), PORTS, now)


def _word(rng: Random, state: State, now: float) -> Event:
    """Return what some device says."""
    device = Device(rng.choice((DeviceKind.PROXY, DeviceKind.BRIDGE)), rng.choice(HOSTS))
    known = state.status.of(device)
    if not known.connected:
        return Connected(device, now)
    kind = FLOWS if device.kind is DeviceKind.BRIDGE else LISTENER
    if device.kind is DeviceKind.BRIDGE and device.name not in state.ports:
        return PortsChanged(device, now, PORTS[device.name])
    wanted = known.types[kind].wanted if kind in known.types else ""
    choice = rng.randrange(12)
    if choice == 0:
        return Disconnected(device, now, "")
    if choice == 1:
        return Nacked(device, kind, wanted, now, "no")
    return Acked(device, kind, wanted, now)


def _answers(rng: Random, state: State, now: float) -> list[Acked]:
    """Return what several devices acknowledge, perhaps not all of it the newest."""
    said = [
        Acked(device, kind, rng.choice((one.wanted, one.wanted, "old")), now)
        for device, known in sorted(state.status.devices.items())
        if known.connected
        for kind, one in known.types.items()
    ]
    return rng.sample(said, rng.randint(0, len(said)))


def _next(rng: Random, state: State, now: float) -> Event:
    choice = rng.randrange(10)
    if choice == 0 or state.revision == 0:
        return _commit(rng, state, now)
    acks = _answers(rng, state, now) if choice == 2 else []
    if acks:
        return Answered(tuple(acks))
    return Tick(now) if choice == 1 else _word(rng, state, now)


def _holds(state: State, now: float) -> None:
    fresh = status_of(dict(state.status.devices))
    assert fresh.behind == state.status.behind
    assert fresh.stale_bridges == state.status.stale_bridges
    assert fresh.seen_bridges == state.status.seen_bridges
    known = state.status.devices
    lively = {device for device, one in known.items() if one.connected or not one.declared}
    assert set(fresh.lively) == set(state.status.lively) == lively
    far = {device for device, one in known.items() if one.declared and not one.connected}
    ends = {None if d not in state.progress else state.progress[d].reach for d in far}
    assert not state.revision or ends <= {Reach.ABSENT, Reach.ACKED}
    first = {h for h, rollout in state.rollouts.items() if rollout.stage is Stage.PROXY}
    assert set(state.widening) == first
    anew = Committed(state.revision, state.plan, state.targets, state.ports, now)
    assert progressed(state, anew).progress == state.progress, "a device came further"
    for host, rollout in state.rollouts.items():
        if rollout.deadline <= now:
            continue  # the next tick looks at who is late
        after, effects = advance(state, host, now)
        assert not effects, f"{host} could have gone on"
        assert dict(after.rollouts) == dict(state.rollouts), f"{host} could have gone on"


def _is_that_of_nothing_known(state: State, event: Committed) -> None:
    """Hold a revision, of which much is known to stand, to one of which that has to be asked."""
    targets = replace(event.targets, proxies=dict(event.targets.proxies))
    plan = replace(event.plan, hosts=(*event.plan.hosts[:1], *event.plan.hosts[1:]))
    after, effects = reconcile(state, event)
    other, asked = reconcile(state, replace(event, targets=targets, plan=plan))
    assert replace(other, plan=after.plan, targets=after.targets) == after
    assert effects == [one for one in asked if not isinstance(one, DeclareHosts)] or (
        effects == asked
    )


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_nobody_waits_who_could_go_on(seed: int) -> None:
    rng, state, now = Random(seed), State(), 0.0
    for _ in range(60):
        now += rng.choice((0.01, 0.01, 1.0))
        event = _next(rng, state, now)
        if isinstance(event, Committed):
            _is_that_of_nothing_known(state, event)
        state, _ = reconcile(state, event)
        if not state.translating:
            _holds(state, now)
