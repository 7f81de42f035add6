"""Who is to blame: refusals with the line behind them, and devices that nothing can be made for."""

from __future__ import annotations

import re
from dataclasses import replace

from translators.openflow.cookie import Cause, cookie, origin_of
from translators.plan.model import Plan
from xds_server.controller.state import CONFIG, FLOWS, State
from xds_server.snapshots.evidence import Device, DeviceKind, Evidence, Nacked
from xds_server.snapshots.model import content_version
from xds_server.status.fold import expect, fold

_TYPE = {
    DeviceKind.PROXY: "type.googleapis.com/envoy.config.listener.v3.Listener",
    DeviceKind.BRIDGE: FLOWS,
    DeviceKind.SWITCH: CONFIG,
}
_FLOW = re.compile(r"\bcookie=0x([0-9a-f]{1,16})\b")
_PLACE = re.compile(r"([^\s:]+:\d+): ")
_GROUP = re.compile(r"^group (\d{1,10})$")


def located(plan: Plan, evidence: Evidence) -> Evidence:
    """Return the evidence with the origin of what was refused, where a bridge's words tell it."""
    if not isinstance(evidence, Nacked) or evidence.origin:
        return evidence
    origin = origin_of(plan, _cookie(evidence.resource))
    return evidence if origin is None else replace(evidence, origin=str(origin))


def _cookie(resource: str) -> int:
    """Return the cookie of a refused flow, or that of the flows which lead to a refused group."""
    if found := _FLOW.search(resource):
        return int(found[1], 16)
    if found := _GROUP.search(resource):
        return cookie(Cause.SERVICE, int(found[1]) >> 1)  # the low bit is the address family
    return 0


def blame(state: State, device: Device, reason: str, at: float) -> State:
    """Return the state in which a device is shown to refuse what could not even be made for it.

    What it was told before is forgotten, so that the next thing that can be made is told anew.
    """
    kind, version = _TYPE[device.kind], content_version(reason.encode())
    status = expect(state.status, device, {kind: version})
    place = _PLACE.match(reason)
    origin = "" if place is None else place[1]
    refused = Nacked(device, kind, version, at, f"not sent: {reason}", origin=origin)
    status = fold(status, refused)
    told_proxies, told_bridges = state.published, state.programs
    if device.kind is DeviceKind.PROXY and device.name in told_proxies:
        told_proxies = told_proxies.delete(device.name)
    if device.kind is DeviceKind.BRIDGE and device.name in told_bridges:
        told_bridges = told_bridges.delete(device.name)
    return replace(state, status=status, published=told_proxies, programs=told_bridges)
