"""How much a change writes to each device, counted before it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from xds_server.controller.targets import Targets
from xds_server.controller.values import DeviceImpact
from xds_server.snapshots.bridge import difference
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Resource, Snapshot, SwitchConfig, program_of

Named = Mapping[str, Resource]  # by name
_NONE: Named = {}
_EMPTY = Snapshot({})
_EMPTY_BRIDGE = program_of((), ())


def impact(old: Targets, new: Targets) -> tuple[DeviceImpact, ...]:
    """Return the devices that a change touches, sorted, with what it adds, changes and removes."""
    found = [*_proxies(old, new), *_bridges(old, new), *_switches(old, new)]
    touched = [i for i in found if i.added or i.changed or i.removed]
    return tuple(sorted(touched, key=lambda i: (i.device.kind, i.device.name)))


def _proxies(old: Targets, new: Targets) -> Iterator[DeviceImpact]:
    counted: dict[tuple[int, int], tuple[int, int, int]] = {}  # of types, which hosts share
    for name in () if old.proxies is new.proxies else old.proxies.keys() | new.proxies.keys():
        before, after = old.proxies.get(name, _EMPTY), new.proxies.get(name, _EMPTY)
        if before is after:
            continue
        added = changed = removed = 0
        for was, now in _differing(before, after):
            key = (id(was), id(now))
            if key not in counted:
                counted[key] = _counts(was, now)
            more, other, less = counted[key]
            added, changed, removed = added + more, changed + other, removed + less
        yield DeviceImpact(Device(DeviceKind.PROXY, name), "resources", added, changed, removed)


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
    for name in () if old.switches is new.switches else sorted({*old.switches, *new.switches}):
        before, after = (_lines(t.switches.get(name)) for t in (old, new))
        added = changed = removed = 0
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for _, i1, i2, j1, j2 in (code for code in matcher.get_opcodes() if code[0] != "equal"):
            both = min(i2 - i1, j2 - j1)
            changed += both
            removed += i2 - i1 - both
            added += j2 - j1 - both
        yield DeviceImpact(Device(DeviceKind.SWITCH, name), "lines", added, changed, removed)


def _differing(before: Snapshot, after: Snapshot) -> Iterator[tuple[Named, Named]]:
    """Yield the resources of each type that is not the same object in both."""
    was, now = before.resources, after.resources
    for url in now if now.keys() == was.keys() else now.keys() | was.keys():
        own, other = was.get(url, _NONE), now.get(url, _NONE)
        if own is not other:
            yield own, other


def _lines(config: SwitchConfig | None) -> list[str]:
    return [] if config is None else [*config.frr.splitlines(), *config.links.splitlines()]


def _counts(old: Named, new: Named) -> tuple[int, int, int]:
    """Return how many resources are added, changed and removed."""
    added = len(new.keys() - old.keys())
    changed = sum(
        1 for name, one in new.items() if name in old and old[name].version != one.version
    )
    return added, changed, len(old.keys() - new.keys())
