"""What of the status survives a restart: the last word of every device, as rows of the store."""

from __future__ import annotations

from collections.abc import Iterable

from xds_server.controller.values import StatusRow
from xds_server.snapshots.evidence import Device, device_named
from xds_server.status.model import DeviceStatus, Refusal, State, Status, TypeStatus, status_of


def rows_of(status: Status, before: Status = Status()) -> tuple[StatusRow, ...]:  # noqa: B008
    """Return a row for each type that a declared device has spoken about, in order.

    What was known before is left out.
    """
    changed = [d for d, known in status.devices.items() if before.devices.get(d) is not known]
    return tuple(
        _row(device, known, name, kept)
        for device, known in ((d, status.devices[d]) for d in sorted(changed))
        if known.declared and not known.guest
        for name, kept in _news(known, before.of(device))
        if kept.acked or kept.refusal is not None
    )


def _news(known: DeviceStatus, before: DeviceStatus) -> list[tuple[str, TypeStatus]]:
    """Return the types of which a row may say something else than before, by name."""
    if _standing(known) != _standing(before):
        return sorted(known.types.items())
    return sorted(item for item in known.types.items() if before.types.get(item[0]) is not item[1])


def _standing(known: DeviceStatus) -> tuple[bool, ...]:
    """Return what a row depends on beside its type."""
    return known.declared, known.guest, known.connected


def remembered(rows: Iterable[StatusRow]) -> Status:
    """Return the status in which these devices were seen and none is connected."""
    devices: dict[Device, DeviceStatus] = {}
    for row in rows:
        device = device_named(row.device)
        known = devices.get(device, DeviceStatus(seen=True))
        types = {**known.types, row.type: _type(row)}
        devices[device] = DeviceStatus(seen=True, at=max(known.at, row.at), types=types)
    return status_of(devices)


def _row(device: Device, known: DeviceStatus, name: str, kept: TypeStatus) -> StatusRow:
    if kept.refusal is not None:
        refusal = kept.refusal
        return StatusRow(str(device), name, refusal.version, State.NACKED, refusal.reason, kept.at)
    state = known.state(name)
    last = state if state is State.STALE else State.SYNCED
    return StatusRow(str(device), name, kept.acked, last, "", kept.at)


def _type(row: StatusRow) -> TypeStatus:
    if row.state == State.NACKED:
        return TypeStatus(refusal=Refusal(row.version, row.reason), at=row.at)
    return TypeStatus(acked=row.version, at=row.at)
