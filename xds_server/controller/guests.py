"""Proxies that nobody named: each gets what is there for every node, while it is connected."""

from __future__ import annotations

from collections.abc import Collection

from xds_server.controller.rollout import Step, tell_proxy
from xds_server.controller.state import Committed, State, WithdrawProxy
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, Disconnected, Evidence
from xds_server.snapshots.replacing import replace
from xds_server.status.model import Status


def welcomed(state: State, evidence: Evidence) -> Step:
    """Serve a proxy that has just come, if nobody named it and there is something for it."""
    name, others = evidence.device.name, state.targets.others
    if not isinstance(evidence, Connected) or evidence.device.kind is not DeviceKind.PROXY:
        return state, []
    if others is None or name in state.plan.host or name in state.targets.proxies:
        return state, []
    targets = replace(state.targets, proxies={**state.targets.proxies, name: others})
    state = replace(state, targets=targets, status=_marked(state.status, [name]))
    return tell_proxy(state, name, others)


def parted(state: State, evidence: Evidence) -> Step:
    """Forget a guest that leaves; what it has stays with it."""
    device = evidence.device
    if not isinstance(evidence, Disconnected) or not state.status.of(device).guest:
        return state, []
    proxies = {n: kept for n, kept in state.targets.proxies.items() if n != device.name}
    published = state.published
    if device.name in published:
        published = published.delete(device.name)
    declared = device.name in state.owners
    known = replace(state.status.of(device), declared=declared, guest=False)
    status = state.status.having(device, known)
    targets = replace(state.targets, proxies=proxies)
    state = replace(state, targets=targets, published=published, status=status)
    return state, [WithdrawProxy(device.name)]


def invited(state: State, event: Committed) -> Committed:
    """Return the event with targets for every connected proxy that nobody names."""
    others, proxies = event.targets.others, event.targets.proxies
    if others is None:
        return event
    guests = [
        device.name
        for device in state.status.lively
        if device.kind is DeviceKind.PROXY and state.status.of(device).connected
        if device.name not in proxies and device.name not in event.plan.host
    ]
    more = dict.fromkeys(sorted(guests), others)
    return replace(event, targets=replace(event.targets, proxies={**proxies, **more}))


def marked(state: State, named: Collection[str]) -> State:
    """Return the state in which those served proxies are guests that are not among the named."""
    guests = [name for name in state.targets.proxies if name not in named]
    status = state.status
    for device in state.status.lively:
        if (known := state.status.of(device)).guest:
            status = status.having(device, replace(known, guest=False))
    return replace(state, status=_marked(status, guests))


def _marked(status: Status, guests: Collection[str]) -> Status:
    for name in guests:
        device = Device(DeviceKind.PROXY, name)
        status = status.having(device, replace(status.of(device), declared=True, guest=True))
    return status
