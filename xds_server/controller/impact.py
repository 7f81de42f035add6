"""How much a change writes to each device, counted before it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from xds_server.controller.targets import Targets
from xds_server.controller.values import DeviceImpact
from xds_server.snapshots.bridge import difference
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Snapshot, SwitchConfig, program_of

_EMPTY = Snapshot({})
_EMPTY_BRIDGE = program_of((), ())


def impact(old: Targets, new: Targets) -> tuple[DeviceImpact, ...]:
    """Return the devices that a change touches, sorted, with what it adds, changes and removes."""
    found = [*_proxies(old, new), *_bridges(old, new), *_switches(old, new)]
    touched = [i for i in found if i.added or i.changed or i.removed]
    return tuple(sorted(touched, key=lambda i: i.device))


def _proxies(old: Targets, new: Targets) -> Iterator[DeviceImpact]:
    counted: dict[tuple[int, int], tuple[int, int, int]] = {}  # hosts share their snapshots
    for name in sorted({*old.proxies, *new.proxies}):
        before, after = old.proxies.get(name, _EMPTY), new.proxies.get(name, _EMPTY)
        if before is not after:
            key = (id(before), id(after))
            if key not in counted:
                counted[key] = _counts(_resources(before, after), _resources(after, before))
            yield DeviceImpact(Device(DeviceKind.PROXY, name), "resources", *counted[key])


def _bridges(old: Targets, new: Targets) -> Iterator[DeviceImpact]:
    for name in sorted({*old.bridges, *new.bridges}):
        before, after = (t.bridges.get(name) for t in (old, new))
        if before is after:
            continue  # nothing in it has changed, so that it was not made again
        delta = difference(before or _EMPTY_BRIDGE, after or _EMPTY_BRIDGE)
        changes = [*delta.flows.values(), *delta.groups.values(), *delta.meters.values()]
        added = sum(1 for was, _ in changes if was is None)
        removed = sum(1 for _, now in changes if now is None)
        counts = added, len(changes) - added - removed, removed
        yield DeviceImpact(Device(DeviceKind.BRIDGE, name), "flows", *counts)


def _switches(old: Targets, new: Targets) -> Iterator[DeviceImpact]:
    for name in sorted({*old.switches, *new.switches}):
        before, after = (_lines(t.switches.get(name)) for t in (old, new))
        added = changed = removed = 0
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for _, i1, i2, j1, j2 in (code for code in matcher.get_opcodes() if code[0] != "equal"):
            both = min(i2 - i1, j2 - j1)
            changed += both
            removed += i2 - i1 - both
            added += j2 - j1 - both
        yield DeviceImpact(Device(DeviceKind.SWITCH, name), "lines", added, changed, removed)


def _resources(snapshot: Snapshot, other: Snapshot) -> dict[Any, Any]:
    """Return the versions of a snapshot's resources, without types that are the other's as well."""
    return {
        (url, name): resource.version
        for url, named in snapshot.resources.items()
        if named is not other.resources.get(url)
        for name, resource in named.items()
    }


def _lines(config: SwitchConfig | None) -> list[str]:
    return [] if config is None else [*config.frr.splitlines(), *config.links.splitlines()]


def _counts(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> tuple[int, int, int]:
    """Return how many entries are added, changed and removed."""
    added = sum(1 for key in new if key not in old)
    changed = sum(1 for key, value in new.items() if key in old and old[key] != value)
    return added, changed, sum(1 for key in old if key not in new)
