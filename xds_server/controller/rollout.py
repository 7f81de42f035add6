"""The order of a host's devices on a change: make before break, across proxy and bridge.

The proxy first gets the new resources beside the old ones; once it has them the bridge is changed,
which is the moment when traffic moves; once the bridge holds its program the proxy drops what is
old. A refusal or a deadline lets the host go on, for every mixture is the old meaning, the new one,
or stricter: a bridge that steers to a listener which is missing closes connections, never opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

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
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
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
    """Begin to bring a host to ``state.targets``; its proxy is told at once."""
    target = state.targets.proxies[host]
    before = state.published.get(host)
    widened = target if before is None else united(target, before)
    state, effects = _tell_proxy(state, host, widened)
    rollouts = {**state.rollouts, host: Rollout(Stage.PROXY, at + STAGE_SECONDS)}
    state = replace(state, rollouts=dict(sorted(rollouts.items())))
    state, more = advance(state, host, at)
    return state, effects + more


def advance(state: State, host: str, at: float) -> Step:
    """Take a host through as many stages as what is known allows."""
    effects: list[Effect] = []
    rollout = state.rollouts.get(host)
    if rollout is not None and rollout.stage is Stage.PROXY and _proxy_ready(state, host, at):
        state, effects = tell_bridge(state, host)
        rollout = Rollout(Stage.BRIDGE, at + STAGE_SECONDS)
        state = replace(state, rollouts={**state.rollouts, host: rollout})
    if rollout is not None and rollout.stage is Stage.BRIDGE and _bridge_ready(state, host, at):
        state, more = _tell_proxy(state, host, state.targets.proxies[host])
        effects = effects + more
        rest = {name: kept for name, kept in state.rollouts.items() if name != host}
        state = replace(state, rollouts=rest)
    return state, effects


def tell_bridge(state: State, host: str) -> Step:
    """Publish a host's program, unless it is unknown yet or what the bridge was told before."""
    program = state.targets.bridges.get(host)
    before = state.programs.get(host)
    if program is None or (before is not None and before.version == program.version):
        return state, []
    device = Device(DeviceKind.BRIDGE, host)
    state = replace(
        state,
        programs={**state.programs, host: program},
        status=expect(state.status, device, {FLOWS: program.version}),
    )
    return state, [PublishBridge(state.plan.host[host].datapath_id, program)]


def united(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return the new resources and those old ones whose names the new snapshot does not have."""
    kept: list[Resource] = [r for named in new.resources.values() for r in named.values()]
    for url, named in old.resources.items():
        kept += [resource for name, resource in named.items() if name not in new.of(url)]
    return snapshot_of(kept)


def wanted_versions(snapshot: Snapshot, before: Snapshot | None) -> Mapping[str, str]:
    """Return the versions that a proxy has to acknowledge to run this snapshot."""
    emptied = [url for url in _WILDCARD if before is not None and before.of(url)]
    return {url: snapshot.version(url) for url in sorted({*snapshot.resources, *emptied})}


def _tell_proxy(state: State, host: str, snapshot: Snapshot) -> Step:
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
    return _settled(state.status.of(Device(DeviceKind.PROXY, host))) or _late(state, host, at)


def _bridge_ready(state: State, host: str, at: float) -> bool:
    """Whether the old may go; a bridge that is away still steers to it, so that has no deadline."""
    if host in state.translating:
        return False
    known = state.status.of(Device(DeviceKind.BRIDGE, host))
    if known.connected:
        fresh = at < known.at + STAGE_SECONDS  # one that has just come back gets its time
        return _settled(known) or (_late(state, host, at) and not fresh)
    return not known.seen


def _settled(known: DeviceStatus) -> bool:
    return not known.connected or known.overall in (Running.SYNCED, Running.NACKED)


def _late(state: State, host: str, at: float) -> bool:
    rollout = state.rollouts.get(host)
    return rollout is not None and at >= rollout.deadline
