"""Who a revision declares: what is forgotten of others, and who is told nothing more.

Most revisions declare whom the last one did. What would then be asked of every device is not asked
at all: only those are looked at that are connected, or that nobody declared.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TypeVar

from immutables import Map

from translators.plan.model import Plan
from xds_server.controller.guests import invited, marked
from xds_server.controller.progress import absent, begun
from xds_server.controller.queues import queues_of
from xds_server.controller.rollout import Step
from xds_server.controller.state import (
    CONFIG,
    Committed,
    DeclareHosts,
    Effect,
    Owning,
    State,
    WithdrawProxy,
)
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.replacing import replace
from xds_server.status.fold import declare, expect, forget

V = TypeVar("V")


def stands(state: State, event: Committed) -> bool:
    """Whether a revision declares whom the last one did, and wants the same of every proxy."""
    old, new = state.targets, event.targets
    return (
        new.proxies is old.proxies
        and event.plan.hosts is state.plan.hosts
        and event.plan.switches is state.plan.switches
        and new.others is None
        and not (new.faults or old.faults or event.progress)
    )


def again(state: State, event: Committed) -> Step:
    """Take the plan and the targets of a revision that declares whom the last one did."""
    same = event.targets.switches is state.targets.switches
    queued = _queued(event.plan) or _queued(state.plan)
    state = replace(
        state,
        progress=begun(state, {}),
        plan=event.plan,
        targets=event.targets,
        status=forget(state.status),
    )
    return state if same else _expect_switches(state), [_hosts(event.plan)] if queued else []


def owning(state: State, event: Owning) -> State:
    """Declare the nodes that have secrets, and no others for that reason."""
    names = state.targets.proxies.keys() | state.plan.host.keys() | event.nodes
    status = declare(state.status, _devices(state.plan, names))
    return absent(replace(state, owners=event.nodes, status=status))


def changing(state: State, event: Committed) -> Iterable[str]:
    """Return the hosts that such a revision may change anything for, or that are on their way."""
    new, known = event.targets, state.targets.bridges
    changed = {host for host, program in new.bridges.items() if known.get(host) is not program}
    waiting = {*state.rollouts, *state.translating, *state.targets.between, *new.between}
    return (changed | waiting) & event.plan.host.keys() & new.proxies.keys()


def declared(state: State, event: Committed) -> Step:
    """Take a revision's plan and targets, and say which hosts there are."""
    plan, named = event.plan, event.targets.proxies.keys() | event.plan.host.keys()
    event = invited(state, event)
    names = named | event.targets.proxies.keys()
    state = replace(
        _forget_moved(state, plan),
        plan=plan,
        targets=event.targets,
        rollouts=_of(state.rollouts, plan.host),
        widening=_of(state.widening, plan.host),
        status=declare(state.status, _devices(plan, names | state.owners)),
    )
    state = absent(_expect_switches(marked(state, named)))
    gone = sorted(name for name in state.published if name not in names)
    effects: list[Effect] = [WithdrawProxy(name) for name in gone]
    published = _of(state.published, names)
    state = replace(state, published=published, progress=begun(state, event.progress))
    return state, [*effects, _hosts(plan)]


def _queued(plan: Plan) -> bool:
    return any(rule.shape is not None and rule.shape.queue for rule in plan.extras)


def _hosts(plan: Plan) -> DeclareHosts:
    tunnels = {h.name: h.tunnel_port for h in plan.hosts if h.tunnel is not None}
    return DeclareHosts({h.datapath_id: h.name for h in plan.hosts}, tunnels, queues_of(plan))


def _forget_moved(state: State, plan: Plan) -> State:
    """Forget what a host's bridge was told if the host has another bridge now, or is gone."""
    same = {
        host.name
        for host in plan.hosts
        if host.name in state.plan.host
        and state.plan.host[host.name].datapath_id == host.datapath_id
    }
    return replace(
        state,
        programs=_of(state.programs, same),
        ports={name: kept for name, kept in state.ports.items() if name in same},
    )


def _of(held: Map[str, V], names: Container[str]) -> Map[str, V]:
    """Return what is held under these names; the same map if that is all."""
    kept = held.mutate()
    for name in held:
        if name not in names:
            del kept[name]
    return kept.finish()


def _devices(plan: Plan, proxies: Iterable[str]) -> list[Device]:
    proxy, bridge = DeviceKind.PROXY, DeviceKind.BRIDGE
    return [
        *[Device(proxy, name) for name in proxies],
        *[Device(bridge, host.name) for host in plan.hosts],
        *[Device(DeviceKind.SWITCH, switch.name) for switch in plan.switches],
    ]


def _expect_switches(state: State) -> State:
    status = state.status
    for name, config in state.targets.switches.items():
        status = expect(status, Device(DeviceKind.SWITCH, name), {CONFIG: config.version})
    return replace(state, status=status)
