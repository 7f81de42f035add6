"""The order of devices on a change: make before break, across proxy and bridge, and across hosts.

First what receives is widened: a proxy gets the new resources beside the old ones, and a bridge
accepts from other hosts what it is to accept beside what it did. Then the bridges change what they
send, which is the moment when traffic moves; once they have, what receives is narrowed. A refusal
or a deadline lets a host go on, for every mixture is the old meaning, the new one, or stricter: the
source's bridge decides exactly, and one that steers to a missing listener closes connections.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import islice

from translators.openflow.tables import Table
from xds_server.controller.marks import with_marks
from xds_server.controller.state import (
    FLOWS,
    STAGE_SECONDS,
    Effect,
    PublishBridge,
    PublishProxy,
    Rollout,
    Stage,
    State,
)
from xds_server.controller.wanted import wanted_anew, wanted_versions
from xds_server.snapshots.bridge import Delta, difference
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import (
    BridgeProgram,
    Resource,
    Snapshot,
    keeps_names,
    snapshot_of,
)
from xds_server.snapshots.replacing import replace
from xds_server.status.fold import expect, expecting
from xds_server.status.model import DeviceStatus
from xds_server.status.model import State as Running

Step = tuple[State, list[Effect]]
# Looking a member up in its class takes Python 3.11 long, and this is done for every host.
_PROXY, _BRIDGE, _FIRST, _STALE = DeviceKind.PROXY, DeviceKind.BRIDGE, Stage.PROXY, Running.STALE
_SETTLED = (Running.SYNCED, Running.NACKED)


def start(state: State, hosts: Iterable[str], at: float) -> Step:
    """Begin to bring hosts to ``state.targets``: what receives is widened at once.

    ``advance`` does the rest, once every host has begun.
    """
    effects: list[Effect] = []
    told: dict[str, Snapshot] = {}
    known: dict[Device, DeviceStatus] = {}
    names = list(hosts)
    for host in names:
        target = state.targets.between.get(host, state.targets.proxies[host])
        before = state.published.get(host)
        widened = target if before is None else united(target, before)
        if (news := _news(state, host, widened, before)) is not None:
            told[host] = widened
            known[Device(_PROXY, host)] = news[0]
            effects.append(news[1])
        program, held = state.targets.bridges.get(host), state.programs.get(host)
        if program is not None and held is not None and not _alone(state, host):
            state, more = _tell_program(state, host, accepting(held, program, newer=program))
            effects += more
    begun = Rollout(Stage.PROXY, at + STAGE_SECONDS)
    return replace(
        state,
        published=state.published.update(told),
        status=state.status.having_all(known),
        rollouts=state.rollouts.update(dict.fromkeys(names, begun)),
        widening=state.widening.update(dict.fromkeys(names)),
    ), effects


def concerned(state: State, host: str) -> bool:
    """Whether a host has anything to change, or is on its way already."""
    target, before = state.targets.proxies[host], state.published.get(host)
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    return (
        host in state.rollouts
        or host in state.translating
        or host in state.targets.between
        or before is None
        or before.versions != target.versions
        or (program is not None and (held is None or held.version != program.version))
    )


def at_stage(state: State, host: str, rollout: Rollout | None) -> State:
    """Return the state in which a widened host's rollout is there; None: it is over."""
    rollouts, widening = state.rollouts, state.widening
    if host in widening:
        widening = widening.delete(host)
    if rollout is None:
        return replace(state, rollouts=rollouts.delete(host), widening=widening)
    return replace(state, rollouts=rollouts.set(host, rollout), widening=widening)


def overdue(state: State, at: float) -> bool:
    """Whether a host has waited for as long as it may, so that time lets it go on."""
    return any(at >= one.deadline for one in state.rollouts.values())


def movable(state: State, at: float) -> list[str]:
    """Return the hosts that may be able to go on, in order: those whose proxies owe no answer."""
    behind = state.status.behind
    return sorted(
        host
        for host, one in state.rollouts.items()
        if one.stage is not _FIRST
        or at >= one.deadline
        or behind.get(Device(_PROXY, host)) is not _STALE
    )


def finish(state: State, hosts: Iterable[str], at: float) -> tuple[State, list[str]]:
    """End in one step the rollouts of hosts that are there; return those that are not, too."""
    rollouts, widening = state.rollouts.mutate(), state.widening.mutate()
    may_go = not _unsettled(state, state.widening)
    left = []
    for host in hosts:
        if _over(state, host, at, may_go):
            del rollouts[host]
            widening.pop(host, None)
        else:
            left.append(host)
    return replace(state, rollouts=rollouts.finish(), widening=widening.finish()), left


def _over(state: State, host: str, at: float, may_go: bool) -> bool:
    """Whether a proxy runs all that it is to run, beside a bridge that has never been here."""
    rollout, told = state.rollouts.get(host), state.published.get(host)
    if rollout is None or told is None or host in state.targets.bridges:
        return False
    target = state.targets.proxies[host]
    return (
        (told is target or told.versions == target.versions)
        and _proxy_ready(state, host, rollout, at, may_go)
        and not state.status.of(Device(_BRIDGE, host)).seen
    )


def advance(state: State, host: str, at: float) -> Step:
    """Take a host through as many stages as what is known allows."""
    effects: list[Effect] = []
    rollout = before = state.rollouts.get(host)
    may_go = not _unsettled(state, state.widening)
    if rollout is not None and _proxy_ready(state, host, rollout, at, may_go):
        state, effects = _send(state, host)
        rollout = Rollout(Stage.BRIDGE, at + STAGE_SECONDS)
    if rollout is not None and _bridge_ready(state, host, rollout, at):
        state, more = tell_proxy(state, host, state.targets.proxies[host])
        state, last = tell_bridge(state, host)
        return at_stage(state, host, None), effects + more + last
    return state if rollout is before else at_stage(state, host, rollout), effects


def tell_bridge(state: State, host: str) -> Step:
    """Publish a host's program, unless it is unknown yet or what the bridge was told before."""
    program = state.targets.bridges.get(host)
    return (state, []) if program is None else _tell_program(state, host, program)


def _send(state: State, host: str) -> Step:
    """Let a bridge send as it is to, while it goes on to accept what it did."""
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    if program is None or held is None or _alone(state, host):
        return tell_bridge(state, host)
    return _tell_program(state, host, accepting(program, held, newer=program))


def _alone(state: State, host: str) -> bool:
    """Whether no other bridge has ever been here, so that what a host's accepts concerns nobody."""
    return state.status.alone(host)


def _tell_program(state: State, host: str, program: BridgeProgram) -> Step:
    before = state.programs.get(host)
    if before is not None and before.version == program.version:
        return state, []
    device = Device(DeviceKind.BRIDGE, host)
    state = replace(
        state,
        programs=state.programs.set(host, program),
        status=expect(state.status, device, {FLOWS: program.version}),
    )
    return state, [PublishBridge(state.plan.host[host].datapath_id, program, host)]


def accepting(program: BridgeProgram, other: BridgeProgram, newer: BridgeProgram) -> BridgeProgram:
    """Return a program that also accepts from other hosts what another program accepts.

    Where both have a flow for the same packets, that of the ``newer`` one counts.
    """
    found = {
        key: (own, others)
        for key, (own, others) in difference(program, other).flows.items()
        if key.table == Table.ARRIVAL and others is not None and (own is None or newer is other)
    }
    return program.changed(Delta(found))


def united(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return the new resources and those old ones whose names the new snapshot does not have."""
    if keeps_names(old, new):
        return new
    kept: list[Resource] = [r for named in new.resources.values() for r in named.values()]
    for url, named in old.resources.items():
        kept += [resource for name, resource in named.items() if name not in new.of(url)]
    return snapshot_of(kept)


def tell_proxy(state: State, host: str, snapshot: Snapshot) -> Step:
    """Publish a snapshot with its marks, unless it is what the proxy was told before."""
    if (news := _news(state, host, snapshot, state.published.get(host))) is None:
        return state, []
    known, effect = news
    state = replace(
        state,
        published=state.published.set(host, snapshot),
        status=state.status.having(Device(DeviceKind.PROXY, host), known),
    )
    return state, [effect]


def _news(
    state: State, host: str, snapshot: Snapshot, before: Snapshot | None
) -> tuple[DeviceStatus, PublishProxy] | None:
    """Return what a proxy should then run, and how to tell it; None if it was told the same."""
    if before is not None and before.versions == snapshot.versions:
        return None
    told = with_marks(snapshot, state.unhealthy)
    known = state.status.of(Device(_PROXY, host))
    versions = wanted_anew(known, before, told) or wanted_versions(snapshot, before, told)
    return expecting(known, versions), PublishProxy(host, told)


def _proxy_ready(state: State, host: str, rollout: Rollout, at: float, may_go: bool) -> bool:
    """Whether the bridge may steer to what is new; ``may_go``: the others accept that."""
    if rollout.stage is not _FIRST or host in state.translating:
        return False
    return at >= rollout.deadline or (may_go and _settled(state.status.of(Device(_PROXY, host))))


def _bridge_ready(state: State, host: str, rollout: Rollout, at: float) -> bool:
    """Whether the old may go; a bridge that is away still steers to it, so that has no deadline."""
    if host in state.translating or rollout.stage is not Stage.BRIDGE:
        return False
    late = at >= rollout.deadline
    if not late and not _may_narrow(state, host):
        return False
    known = state.status.of(Device(DeviceKind.BRIDGE, host))
    if known.connected:
        fresh = at < known.at + STAGE_SECONDS  # one that has just come back gets its time
        return _settled(known) or (late and not fresh)
    return not known.seen


def _may_narrow(state: State, host: str) -> bool:
    """Whether no other host still sends what this one is going to accept no longer."""
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    if program is None or held is None or program.version == held.version:
        return True
    sending = any(name != host for name in islice(state.widening, 2))
    return not sending and not any(
        name in state.rollouts for name in state.status.stale_bridges if name != host
    )


@dataclass(frozen=True, slots=True)
class Gates:
    """What holds up every host at once: that others do not accept yet, or still send."""

    accepting: bool  # a bridge that is widened has not said that it is
    widening: bool  # a host has not been widened yet
    sending: bool  # a bridge on its way has not said what it runs


def gates(state: State) -> Gates:
    """Return what holds up hosts that are ready themselves."""
    return Gates(
        _unsettled(state, state.widening),
        bool(state.widening),
        _unsettled(state, state.rollouts),
    )


def _unsettled(state: State, hosts: Container[str]) -> bool:
    return any(name in hosts for name in state.status.stale_bridges)


def _settled(known: DeviceStatus) -> bool:
    return not known.connected or known.overall in _SETTLED
