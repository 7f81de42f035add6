"""The Linux devices of a switch: wanted ones as JSON text, and the commands that bring them about.

A device that we made or use carries an alias, ``fsdn CAUSE = ADDRESSES``: it says where the device
comes from, and bounds what we may take away again. What has no such alias is not ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from xds_server.protocols.fabric.devices import (
    MADE,
    Device,
    LinkTextError,
    Seen,
    alias_of,
    device_from,
)

_MANY, _GROUP = 8, 62929  # the group is ours, and has members only while they are deleted
_SYSCTL_ABSENT = "0"  # a kernel that lacks the feature behaves as if it were switched off


@dataclass(frozen=True, slots=True)
class LinkState:
    """Devices and kernel variables, as wanted or as held in a snapshot; both sorted by name."""

    switch: str
    devices: tuple[Device, ...]
    sysctls: tuple[tuple[str, str], ...]


def parse(text: str) -> LinkState:
    """Read the JSON text; raises LinkTextError, with the device, for what no switch can hold."""
    try:
        document = json.loads(text)
        devices = sorted(device_from(raw) for raw in document["devices"])
        sysctls = sorted((str(k), str(v)) for k, v in document["sysctls"].items())
        switch = str(document["switch"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, LinkTextError):
            raise
        raise LinkTextError(f"the device text is not what a controller writes: {error}") from error
    for key, value in sysctls:
        if not key.startswith("net.") or not value.isdigit():
            raise LinkTextError(f"sysctl {key}={value} is not a number below net.")
    return LinkState(switch, tuple(devices), tuple(sysctls))


def render(state: LinkState) -> str:
    """Return the JSON text of a state, such that ``parse`` gives the state again."""
    document = {
        "switch": state.switch,
        "sysctls": dict(state.sysctls),
        "devices": [device.document() for device in sorted(state.devices)],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def held(switch: str, seen: tuple[Seen, ...], sysctls: dict[str, str]) -> LinkState:
    """Return what is ours of what was seen, as a state that can be wanted again."""
    devices = sorted(device for item in seen if (device := item.as_device()) is not None)
    return LinkState(switch, tuple(devices), tuple(sorted(sysctls.items())))


def absent(wanted: LinkState, seen: tuple[Seen, ...]) -> tuple[str, ...]:
    """Return the wanted interfaces that the machine lacks and that we cannot make."""
    present = {item.name for item in seen}
    return tuple(d.name for d in wanted.devices if not d.is_made and d.name not in present)


def sysctl_changes(wanted: LinkState, current: dict[str, str]) -> tuple[str, ...]:
    """Return ``key=value`` for each variable that must be set."""
    return tuple(
        f"{key}={value}"
        for key, value in wanted.sysctls
        if current.get(key, _SYSCTL_ABSENT) != value
    )


def changes(wanted: LinkState, seen: tuple[Seen, ...]) -> tuple[str, ...]:
    """Return lines for ``ip -batch``: nothing that already is as wanted, deletions first.

    Raises LinkTextError where a device that we would make exists and is another's.
    """
    by_name = {item.name: item for item in seen}
    wanted_names = {device.name for device in wanted.devices}
    surplus = [item for item in seen if item.is_ours and item.name not in wanted_names]
    lines = [*_delete(surplus), *(line for item in surplus for line in _release(item))]
    order = ("bridge", "vxlan")  # what others join comes first
    ranked = sorted(wanted.devices, key=lambda d: (order.index(d.kind) if d.is_made else 9, d.name))
    for device in ranked:
        current = by_name.get(device.name)
        if current is None and not device.is_made:
            continue  # not plugged in; see ``absent``
        if device.is_made:
            current, made = _made(device, current)
            lines.extend(made)
        lines.extend(_settle(device, current or Seen(device.name)))
    return tuple(lines)


def _delete(surplus: list[Seen]) -> Iterator[str]:
    """Delete the devices that we made; many at once by a device group.

    The kernel waits for a grace period for each deletion, but only for one when a group goes.
    """
    names = [item.name for item in surplus if item.kind in MADE]
    if len(names) < _MANY:
        yield from (f"link del dev {name}" for name in names)
        return
    yield from (f"link set dev {name} group {_GROUP}" for name in names)
    yield f"link del group {_GROUP}"


def _release(item: Seen) -> Iterator[str]:
    """Take away what is ours of a device that we used but did not make."""
    if item.kind in MADE:
        return
    for address in item.own_addresses:
        yield f"addr del {address} dev {item.name}"
    if item.master:
        yield f"link set dev {item.name} nomaster"
    yield f'link set dev {item.name} alias ""'


def _made(device: Device, current: Seen | None) -> tuple[Seen | None, list[str]]:
    """Make a device, or make it anew where what differs can only be chosen at birth."""
    lines = []
    if current is not None:
        foreign = current.kind != device.kind or not (current.is_ours or current.alias == "")
        if foreign:
            raise LinkTextError(
                f"{device.name} exists and is not ours ({current.kind or 'device'}, "
                f"alias {current.alias!r}); remove or rename it"
            )
        if device.same_birth(current):
            return current, []
        lines.append(f"link del dev {device.name}")
    lines.append(f"link add name {device.name} {device.birth()}")
    return None, lines


def _settle(device: Device, current: Seen) -> Iterator[str]:
    """Set what differs: MTU, bridge, addresses, alias; up comes last."""
    link = f"link set dev {device.name}"
    if device.is_quiet and current.address_mode != "none":
        yield f"{link} addrgenmode none"
    if device.mtu is not None and device.mtu != current.mtu:
        yield f"{link} mtu {device.mtu}"
    if device.bridge and device.bridge != current.master:
        yield f"{link} master {device.bridge}"
    if not device.bridge and current.is_ours and current.master:
        yield f"{link} nomaster"
    if device.kind == "vxlan" and (current.learning or current.master != device.bridge):
        yield f"{link} type bridge_slave learning off"  # MACs come by EVPN alone
    yield from _readdress(device, current)
    if current.alias != alias_of(device):
        yield f'{link} alias "{alias_of(device)}"'
    if not current.up:
        yield f"{link} up"


def _readdress(device: Device, current: Seen) -> Iterator[str]:
    for address in current.own_addresses:
        if address not in device.addresses:
            yield f"addr del {address} dev {device.name}"
    for address in device.addresses:
        if address not in current.addresses:
            yield f"addr add {address} dev {device.name}"
