"""The status fold: what one piece of evidence, or one new intent, changes in what we know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
    PortsChanged,
    Warned,
)
from xds_server.snapshots.replacing import replace
from xds_server.status.model import DeviceStatus, Refusal, Status, TypeStatus


def fold(status: Status, evidence: Evidence) -> Status:
    """Return the status after a device told us something; strangers that left are forgotten."""
    known = status.of(evidence.device)
    if isinstance(evidence, Connected) and evidence.device.kind is DeviceKind.BRIDGE:
        known = _unproven(known)
    known = _heard(known, evidence)
    if known.declared or known.connected or known.warnings:
        return status.having(evidence.device, known)
    return status.without(evidence.device)


def fold_all(status: Status, words: Iterable[Acked | Offered]) -> Status:
    """Return the status after acknowledgements, or offers, one by one, in one step."""
    fresh: dict[Device, DeviceStatus] = {}
    for word in words:
        known = fresh.get(word.device)
        fresh[word.device] = _spoken(status.of(word.device) if known is None else known, word)
    kept = {d: one for d, one in fresh.items() if one.declared or one.connected or one.warnings}
    status = status.having_all(kept)
    for device in fresh.keys() - kept.keys():
        status = status.without(device)
    return status


def declare(status: Status, devices: Iterable[Device]) -> Status:
    """Return the status in which exactly these devices are declared.

    What is neither declared nor connected is forgotten.
    """
    wanted = set(devices)
    for device, known in status.devices.items():
        if device not in wanted and not known.connected:
            status = status.without(device)
        elif device not in wanted and _declared(known, False) != known:
            status = status.having(device, _declared(known, False))
    for device in wanted:
        known = status.of(device)
        if not known.declared:
            status = status.having(device, replace(known, declared=True))
    return status


def forget(status: Status) -> Status:
    """Return the status without devices that are neither declared nor connected."""
    for device in status.lively:
        known = status.of(device)
        if not (known.declared or known.connected):
            status = status.without(device)
    return status


def expect(status: Status, device: Device, versions: Mapping[str, str]) -> Status:
    """Return the status in which the device should run these versions, by type."""
    return status.having(device, expecting(status.of(device), versions))


def expecting(known: DeviceStatus, versions: Mapping[str, str]) -> DeviceStatus:
    """Return what is known of a device that should run these versions, by type."""
    held = known.types
    if held.keys() == versions.keys():
        fresh = {
            name: replace(kept, wanted=versions[name])
            for name, kept in held.items()
            if kept.wanted != versions[name]
        }
        return replace(known, types={**held, **fresh})
    names = sorted(held.keys() | versions.keys())
    types = {name: _wanting(held.get(name), versions.get(name, "")) for name in names}
    return replace(known, types=types)


def _wanting(kept: TypeStatus | None, version: str) -> TypeStatus:
    if kept is None:
        return TypeStatus(wanted=version)
    return kept if kept.wanted == version else replace(kept, wanted=version)


def _declared(known: DeviceStatus, declared: bool) -> DeviceStatus:
    if declared:
        return replace(known, declared=True)
    types = {name: replace(kept, wanted="") for name, kept in known.types.items()}
    return replace(known, declared=False, types=types)


def _unproven(known: DeviceStatus) -> DeviceStatus:
    """Return what is known of a bridge that comes back: it may have lost its flows with its daemon.

    It says itself what it runs as soon as it was compared, also where nothing was written.
    """
    if known.connected:
        return known
    types = {name: replace(kept, acked="") for name, kept in known.types.items()}
    return replace(known, types=types)


def _heard(known: DeviceStatus, evidence: Evidence) -> DeviceStatus:
    match evidence:
        case Connected(at=at, detail=detail, identity=identity):
            detail = detail or known.detail
            known = replace(known, connected=True, seen=True, at=at, detail=detail)
            return replace(known, identity=identity)
        case Disconnected(at=at, reason=reason):
            return replace(known, connected=False, seen=True, at=at, detail=reason)
        case Warned(topic=topic, warning=warning):
            return replace(known, warnings=_warnings(known.warnings, topic, warning))
        case PortsChanged(at=at):
            return replace(known, connected=True, seen=True, at=at)
        case Offered() | Acked() | Nacked():
            return _spoken(known, evidence)


def _spoken(known: DeviceStatus, evidence: Offered | Acked | Nacked) -> DeviceStatus:
    kept = _said(known.types.get(evidence.type, _UNSAID), evidence)
    return replace(known, seen=True, types={**known.types, evidence.type: kept})


def _warnings(warnings: Mapping[str, str], topic: str, text: str) -> dict[str, str]:
    kept = {name: warning for name, warning in warnings.items() if name != topic}
    return {**kept, topic: text} if text else kept


def _said(kept: TypeStatus, evidence: Offered | Acked | Nacked) -> TypeStatus:
    match evidence:
        case Acked(version=version, at=at, written=written):
            return replace(
                kept, offered=version, acked=version, refusal=None, at=at, written=written
            )
        case Offered(version=version, at=at):
            return replace(kept, offered=version, at=at)
        case Nacked(version=version, at=at, reason=reason, resource=resource, origin=origin):
            refusal = Refusal(version, reason, resource, origin)
            return replace(kept, offered=version, refusal=refusal, at=at)


_UNSAID = TypeStatus()
