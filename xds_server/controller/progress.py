"""How far the current revision came on each device: acknowledged, refused, absent or pending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from immutables import Map

from xds_server.controller.state import (
    Answered,
    Committed,
    Diagnosed,
    Effect,
    Event,
    Owning,
    PublishBridge,
    PublishProxy,
    State,
    Tick,
    Translated,
    Unanswered,
    Untranslated,
)
from xds_server.controller.values import Progress, Reach
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Snapshot
from xds_server.snapshots.replacing import replace
from xds_server.status.model import DeviceStatus
from xds_server.status.model import State as Running

_ABSENT = Progress(Reach.ABSENT)
_PENDING = Progress(Reach.PENDING)
# Looking a member up in its class takes Python 3.11 long, and this is done with every word.
_ACKED, _AWAY = Reach.ACKED, Reach.ABSENT
_PROXY, _BRIDGE = DeviceKind.PROXY, DeviceKind.BRIDGE
_SYNCED, _NACKED = Running.SYNCED, Running.NACKED


def progressed(state: State, event: Event, effects: Iterable[Effect] = ()) -> State:
    """Return the state with the progress that an event made on devices.

    Those that it is about, and those that its effects tell something, as it let them go on.
    """
    if state.revision == 0:
        return state
    fresh, of = state.progress.mutate(), state.status.of
    there = Progress(_ACKED, max(0.0, event.at - state.committed_at))
    moved = False
    for device in _touched(state, event, effects):
        before = fresh.get(device)
        if before is not None and before.reach is _ACKED:
            continue
        known = of(device)
        if not known.declared or known.guest or (not known.connected and _is_away(before)):
            continue
        if state.owners and _has_secrets_alone(state, device):
            continue
        after = _progress(state, device, known, there)
        if after != before:
            fresh[device], moved = after, True
    return replace(state, progress=fresh.finish()) if moved else state


def absent(state: State) -> State:
    """Return the state in which it is known with whom every revision begins: who is declared."""
    known = {
        device: _ABSENT
        for device, one in state.status.devices.items()
        if one.declared and not one.guest
        if not (state.owners and _has_secrets_alone(state, device))
    }
    return replace(state, absent=Map(known))


def begun(state: State, known: Mapping[Device, Progress]) -> Map[Device, Progress]:
    """Return the progress that a revision begins with; of what is ``known`` only ends hold."""
    if state.revision == 0:
        return Map(known)
    kept = {d: p for d, p in known.items() if p.reach is _ACKED or d not in state.absent}
    return state.absent.update(kept)


def _is_away(before: Progress | None) -> bool:
    return before is not None and before.reach is _AWAY


def _touched(state: State, event: Event, effects: Iterable[Effect]) -> Iterable[Device]:
    """Return the devices whose progress may differ."""
    if isinstance(event, Committed):
        return state.status.lively
    return chain(_about(event), _told_by(effects))


def _about(event: Event) -> Iterable[Device]:
    """Return the devices that an event is about; a host's two go together."""
    match event:
        case Committed() | Diagnosed() | Owning() | Tick() | Unanswered():
            return ()
        case Translated(host=name) | Untranslated(host=name):
            return _host(name)
        case Answered(acks=acks):
            return [one for ack in acks for one in _beside(ack.device)]
        case _:
            return _beside(event.device)


def _told_by(effects: Iterable[Effect]) -> list[Device]:
    """Return the devices that effects tell something."""
    return [
        *(Device(_PROXY, one.node) for one in effects if isinstance(one, PublishProxy)),
        *(Device(_BRIDGE, one.host) for one in effects if isinstance(one, PublishBridge)),
    ]


def _beside(device: Device) -> list[Device]:
    """Return a device, and the other one of its host."""
    if device.kind is _PROXY:
        return [device, Device(_BRIDGE, device.name)]
    return [Device(_PROXY, device.name), device] if device.kind is _BRIDGE else [device]


def _has_secrets_alone(state: State, device: Device) -> bool:
    """Whether no revision says anything to a proxy."""
    if device.kind is not DeviceKind.PROXY or device.name not in state.owners:
        return False
    return device.name not in state.targets.proxies and device.name not in state.plan.host


def _host(name: str) -> list[Device]:
    return [Device(_PROXY, name), Device(_BRIDGE, name)]


def _progress(state: State, device: Device, known: DeviceStatus, there: Progress) -> Progress:
    """Return how far the revision came on a declared device; ``there``: it has just got there."""
    if not known.connected:
        return _ABSENT
    overall = state.status.behind.get(device, _SYNCED)
    if overall is _NACKED:
        found = (known.types[name] for name in sorted(known.types))
        refusals = [
            kept.refusal
            for kept in found
            if kept.refusal is not None and kept.refusal.version == kept.wanted
        ]
        why = refusals[0]
        return Progress(Reach.NACKED, None, why.reason, why.origin)
    return there if overall is _SYNCED and _told(state, device) else _PENDING


def _told(state: State, device: Device) -> bool:
    """Whether a device has been told the last of this revision, and not only a step towards it."""
    if device.kind is _PROXY:
        wanted = state.targets.proxies.get(device.name)
        told = state.published.get(device.name)
        return wanted is not None and told is not None and _same(told, wanted)
    if device.kind is not _BRIDGE:
        return True
    program, held = state.targets.bridges.get(device.name), state.programs.get(device.name)
    return program is not None and held is not None and program.version == held.version


def _same(told: Snapshot, wanted: Snapshot) -> bool:
    return told is wanted or told.versions == wanted.versions
