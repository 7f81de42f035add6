"""The order of devices on a change: make before break, across proxy and bridge, and across hosts.

First what receives is widened: a proxy gets the new resources beside the old ones, and a bridge
accepts from other hosts what it is to accept beside what it did. Then the bridges change what they
send, which is the moment when traffic moves; once they have, what receives is narrowed. A refusal
or a deadline lets a host go on, for every mixture is the old meaning, the new one, or stricter: the
source's bridge decides exactly, and one that steers to a missing listener closes connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from translators.openflow.tables import Table
from xds_server.controller.references import references
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
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import (
    BridgeProgram,
    Resource,
    Snapshot,
    content_version,
    snapshot_of,
)
from xds_server.status.fold import expect
from xds_server.status.model import DeviceStatus
from xds_server.status.model import State as Running

Step = tuple[State, list[Effect]]

# These two are subscribed to by wildcard, so that an emptied type is acknowledged too.
_WILDCARD = (
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "type.googleapis.com/envoy.config.listener.v3.Listener",
)


def start(state: State, host: str, at: float) -> Step:
    """Begin to bring a host to ``state.targets``: what receives is widened at once.

    ``advance`` does the rest, once every host has begun.
    """
    target = state.targets.between.get(host, state.targets.proxies[host])
    before = state.published.get(host)
    widened = target if before is None else united(target, before)
    state, effects = tell_proxy(state, host, widened)
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    if program is not None and held is not None:
        state, more = _tell_program(state, host, accepting(held, program, newer=program))
        effects = effects + more
    rollouts = {**state.rollouts, host: Rollout(Stage.PROXY, at + STAGE_SECONDS)}
    return replace(state, rollouts=dict(sorted(rollouts.items()))), effects


def advance(state: State, host: str, at: float) -> Step:
    """Take a host through as many stages as what is known allows."""
    effects: list[Effect] = []
    rollout = state.rollouts.get(host)
    if rollout is not None and rollout.stage is Stage.PROXY and _proxy_ready(state, host, at):
        state, effects = _send(state, host)
        rollout = Rollout(Stage.BRIDGE, at + STAGE_SECONDS)
        state = replace(state, rollouts={**state.rollouts, host: rollout})
    if rollout is not None and rollout.stage is Stage.BRIDGE and _bridge_ready(state, host, at):
        state, more = tell_proxy(state, host, state.targets.proxies[host])
        state, last = tell_bridge(state, host)
        effects = effects + more + last
        rest = {name: kept for name, kept in state.rollouts.items() if name != host}
        state = replace(state, rollouts=rest)
    return state, effects


def tell_bridge(state: State, host: str) -> Step:
    """Publish a host's program, unless it is unknown yet or what the bridge was told before."""
    program = state.targets.bridges.get(host)
    return (state, []) if program is None else _tell_program(state, host, program)


def _send(state: State, host: str) -> Step:
    """Let a bridge send as it is to, while it goes on to accept what it did."""
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    if program is None or held is None:
        return tell_bridge(state, host)
    return _tell_program(state, host, accepting(program, held, newer=program))


def _tell_program(state: State, host: str, program: BridgeProgram) -> Step:
    before = state.programs.get(host)
    if before is not None and before.version == program.version:
        return state, []
    device = Device(DeviceKind.BRIDGE, host)
    state = replace(
        state,
        programs={**state.programs, host: program},
        status=expect(state.status, device, {FLOWS: program.version}),
    )
    return state, [PublishBridge(state.plan.host[host].datapath_id, program)]


def accepting(program: BridgeProgram, other: BridgeProgram, newer: BridgeProgram) -> BridgeProgram:
    """Return a program that also accepts from other hosts what another program accepts.

    Where both have a flow for the same packets, that of the ``newer`` one counts.
    """
    found = {key: flow for key, flow in other.flows.items() if key.table == Table.ARRIVAL}
    flows = {**program.flows, **found} if newer is other else {**found, **program.flows}
    for known in (program, other):
        if flows == known.flows and program.groups == known.groups:
            return known
    parts = (program.version, other.version, newer.version)
    version = content_version(*(part.encode() for part in parts))
    return BridgeProgram(dict(sorted(flows.items())), program.groups, version)


def united(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return the new resources and those old ones whose names the new snapshot does not have."""
    kept: list[Resource] = [r for named in new.resources.values() for r in named.values()]
    for url, named in old.resources.items():
        kept += [resource for name, resource in named.items() if name not in new.of(url)]
    return snapshot_of(kept)


def wanted_versions(snapshot: Snapshot, before: Snapshot | None) -> Mapping[str, str]:
    """Return the versions that a proxy has to acknowledge to run this snapshot."""
    emptied = [url for url in _WILDCARD if before is not None and before.of(url)]
    asked = [url for url in snapshot.resources if url in _WILDCARD or _referred(url, snapshot)]
    return {url: snapshot.version(url) for url in sorted({*asked, *emptied})}


def _referred(type_url: str, snapshot: Snapshot) -> bool:
    """Whether a proxy will ask for this type: something that it has refers to one of the type."""
    every = (one for named in snapshot.resources.values() for one in named.values())
    return any(url == type_url for one in every for url, _ in references(one.type_url, one.body))


def tell_proxy(state: State, host: str, snapshot: Snapshot) -> Step:
    """Publish a snapshot, unless it is what the proxy was told before."""
    before = state.published.get(host)
    if before is not None and before.versions == snapshot.versions:
        return state, []
    device = Device(DeviceKind.PROXY, host)
    versions = wanted_versions(snapshot, before)
    state = replace(
        state,
        published={**state.published, host: snapshot},
        status=expect(state.status, device, versions),
    )
    return state, [PublishProxy(host, snapshot)]


def _proxy_ready(state: State, host: str, at: float) -> bool:
    if host in state.translating:
        return False  # the bridge could not be told what to steer
    if _late(state, host, at):
        return True
    ready = _settled(state.status.of(Device(DeviceKind.PROXY, host)))
    widening = (name for name, kept in state.rollouts.items() if kept.stage is Stage.PROXY)
    return ready and _all_settled(state, widening)  # they accept what it is going to send


def _bridge_ready(state: State, host: str, at: float) -> bool:
    """Whether the old may go; a bridge that is away still steers to it, so that has no deadline."""
    if host in state.translating:
        return False
    if not _late(state, host, at) and not _may_narrow(state, host):
        return False
    known = state.status.of(Device(DeviceKind.BRIDGE, host))
    if known.connected:
        fresh = at < known.at + STAGE_SECONDS  # one that has just come back gets its time
        return _settled(known) or (_late(state, host, at) and not fresh)
    return not known.seen


def _may_narrow(state: State, host: str) -> bool:
    """Whether no other host still sends what this one is going to accept no longer."""
    program, held = state.targets.bridges.get(host), state.programs.get(host)
    if program is None or held is None or program.version == held.version:
        return True
    others = {name: kept for name, kept in state.rollouts.items() if name != host}
    sending = all(kept.stage is Stage.BRIDGE for kept in others.values())
    return sending and _all_settled(state, others)


def _all_settled(state: State, hosts: Iterable[str]) -> bool:
    return all(_settled(state.status.of(Device(DeviceKind.BRIDGE, name))) for name in hosts)


def _settled(known: DeviceStatus) -> bool:
    return not known.connected or known.overall in (Running.SYNCED, Running.NACKED)


def _late(state: State, host: str, at: float) -> bool:
    rollout = state.rollouts.get(host)
    return rollout is not None and at >= rollout.deadline
