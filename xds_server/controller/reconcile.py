"""The controller as a pure function: (State, Event) -> (State, Effects)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from translators.plan.model import Plan
from xds_server.controller.blame import blame, located
from xds_server.controller.declared import again, changing, declared, owning, stands
from xds_server.controller.guests import parted, welcomed
from xds_server.controller.marks import diagnosed
from xds_server.controller.progress import progressed
from xds_server.controller.rollout import (
    Gates,
    Step,
    advance,
    concerned,
    finish,
    gates,
    movable,
    overdue,
    start,
    tell_bridge,
    tell_proxy,
)
from xds_server.controller.state import (
    Answered,
    Committed,
    Diagnosed,
    Effect,
    Event,
    Owning,
    Reached,
    State,
    Tick,
    Translate,
    Translated,
    Unanswered,
    Untranslated,
)
from xds_server.controller.targets import Ports, relevant_ports
from xds_server.snapshots.evidence import Device, DeviceKind, Evidence, PortsChanged
from xds_server.snapshots.replacing import replace
from xds_server.status.fold import fold, fold_all


def reconcile(state: State, event: Event) -> Step:
    """Return the next state and what to do now, in this order."""
    match event:
        case Committed():
            state, effects = _committed(state, event)
        case Translated():
            state, effects = _translated(state, event)
        case Untranslated():
            state, effects = _untranslated(state, event)
        case Answered():
            state, effects = _answered(state, event)
        case Tick(at=at):
            state, effects = _advance(state, at) if overdue(state, at) else (state, [])
        case Diagnosed():
            state, effects = diagnosed(state, event)
        case Owning():
            state, effects = owning(state, event), []
        case Unanswered(offers=offers):  # that something was sent opens no gate
            state, effects = replace(state, status=fold_all(state.status, offers)), []
        case _:
            state, effects = _heard(state, event)
    state = progressed(state, event, effects)
    if state.acked or state.revision == 0 or not settled(state):
        return state, effects
    seconds = max(0.0, event.at - state.committed_at)
    # With nobody connected the revision holds, but there is nothing to note in the history.
    status = state.status
    heard = any(status.of(one).declared and status.of(one).connected for one in status.lively)
    noted: list[Effect] = [Reached(state.revision, seconds)] if heard else []
    return replace(state, acked=True), effects + noted


def settled(state: State) -> bool:
    """Whether every declared device that is connected runs what it should.

    A host whose bridge is away may still wait to drop what is old; that holds nobody up.
    """
    if state.translating or state.status.behind:
        return False
    return not any(_bridge_connected(state, host) for host in state.rollouts)


def _committed(state: State, event: Committed) -> Step:
    same = stands(state, event)
    hosts = (
        changing(state, event) if same else event.plan.host.keys() & event.targets.proxies.keys()
    )
    state = replace(
        state,
        revision=event.revision,
        committed_at=event.at if event.since is None else event.since,
        acked=event.acked,
    )
    state, effects = again(state, event) if same else declared(state, event)
    alone = () if same else state.targets.proxies.keys() - event.plan.host.keys()
    state, stale = _retranslate(state, event)
    for device, reason in sorted(event.targets.faults.items()):
        state = blame(state, device, reason, event.at)
    able = sorted(host for host in hosts if concerned(state, host))
    state, started = start(state, able, event.at)
    state, told = _every(state, sorted(alone), lambda s, n: tell_proxy(s, n, s.targets.proxies[n]))
    state, advanced = _advance(state, event.at)
    return state, effects + stale + started + told + advanced


def _retranslate(state: State, event: Committed) -> Step:
    """Ask for the programs whose ports came or changed while the revision was compiled."""
    stale = [
        h
        for h, ports in sorted(state.ports.items())
        if h in event.plan.host and not _same_ports(event.plan, h, ports, event.ports.get(h))
    ]
    targets = state.targets
    if stale:
        known = {h: program for h, program in targets.bridges.items() if h not in stale}
        targets = replace(targets, bridges=known)
    effects: list[Effect] = [Translate(h, event.plan, state.ports[h]) for h in stale]
    return replace(state, targets=targets, translating=frozenset(stale)), effects


def _heard(state: State, evidence: Evidence) -> Step:
    before = gates(state)
    state, effects = parted(state, evidence)
    state = replace(state, status=fold(state.status, located(state.plan, evidence)))
    state, told = welcomed(state, evidence)
    effects = effects + told
    host = evidence.device.name
    if isinstance(evidence, PortsChanged):
        state, more = _ports(state, host, evidence.ports)
        effects = effects + more
    if host in state.rollouts:
        state, more = _went_on(before, state, [host], evidence.at)
        effects = effects + more
    return state, effects


def _answered(state: State, event: Answered) -> Step:
    """Fold what several devices acknowledged, and then look who may go on."""
    before = gates(state)
    state = replace(state, status=fold_all(state.status, event.acks))
    names = dict.fromkeys(ack.device.name for ack in event.acks)
    waiting = [name for name in names if name in state.rollouts]
    return _went_on(before, state, waiting, event.at) if waiting else (state, [])


def _went_on(before: Gates, state: State, hosts: Iterable[str], at: float) -> Step:
    """Take hosts as far as they may go, and the others where that, or their news, opens a gate."""
    effects: list[Effect] = []
    if gates(state) == before:
        state, left = finish(state, hosts, at)
        state, effects = _every(state, left, lambda s, host: advance(s, host, at))
        if gates(state) == before:
            return state, effects
    state, more = _advance(state, at)
    return state, effects + more


def _advance(state: State, at: float) -> Step:
    """Take every host as far as it may go; one that goes on may let another one go on."""
    effects: list[Effect] = []
    while True:
        before = state.rollouts
        state, more = _every(state, movable(state, at), lambda s, host: advance(s, host, at))
        effects += more
        if state.rollouts is before:
            return state, effects


def _ports(state: State, host: str, ports: Ports) -> Step:
    before = state.ports.get(host)
    state = replace(state, ports={**state.ports, host: dict(ports)})
    if host not in state.plan.host:
        return state, []
    made = host in state.targets.bridges or host in state.translating
    if made and _same_ports(state.plan, host, ports, before):
        return state, []
    state = replace(state, translating=state.translating | {host})
    return state, [Translate(host, state.plan, state.ports[host])]


def _translated(state: State, event: Translated) -> Step:
    """Take a program, unless the plan or the ports have moved on and another one is on its way."""
    host = event.host
    if event.plan is not state.plan or event.ports is not state.ports.get(host):
        return state, []
    bridges = {**state.targets.bridges, host: event.program}
    state = replace(
        state,
        targets=replace(state.targets, bridges=bridges),
        translating=state.translating - {host},
    )
    if host in state.rollouts:
        return _advance(state, event.at)
    return tell_bridge(state, host)


def _untranslated(state: State, event: Untranslated) -> Step:
    """Show why a bridge keeps what it has, unless the plan or the ports have moved on."""
    host = event.host
    if event.plan is not state.plan or event.ports is not state.ports.get(host):
        return state, []
    bridges = {name: made for name, made in state.targets.bridges.items() if name != host}
    state = replace(
        state,
        targets=replace(state.targets, bridges=bridges),
        translating=state.translating - {host},
    )
    state = blame(state, Device(DeviceKind.BRIDGE, host), event.reason, event.at)
    return _advance(state, event.at)


def _same_ports(plan: Plan, host: str, one: Ports, other: Ports | None) -> bool:
    if other is None or one is other:
        return one is other
    return relevant_ports(plan, host, one) == relevant_ports(plan, host, other)


def _every(state: State, hosts: Iterable[str], step: Callable[[State, str], Step]) -> Step:
    effects: list[Effect] = []
    for host in list(hosts):
        state, more = step(state, host)
        effects += more
    return state, effects


def _bridge_connected(state: State, host: str) -> bool:
    return state.status.of(Device(DeviceKind.BRIDGE, host)).connected
