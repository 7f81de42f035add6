"""From what a bridge holds to what it should hold: the shortest ordered list of steps."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from xds_server.protocols.openflow.mods import (
    FlowCommand,
    GroupCommand,
    MeterCommand,
    bundled,
    bundled_flow_mod,
    flow_mod,
    group_mod,
    meter_mod,
)
from xds_server.protocols.openflow.spelling import canonical
from xds_server.snapshots.bridge import Changed, difference
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, GroupEntry, MeterEntry


@dataclass(frozen=True, slots=True)
class Held:
    """What a bridge holds: our flows, and every group and meter (these carry no owner)."""

    flows: Mapping[FlowKey, FlowEntry] = field(default_factory=dict)
    groups: Mapping[int, GroupEntry] = field(default_factory=dict)
    meters: Mapping[int, MeterEntry] = field(default_factory=dict)


class Action(Enum):
    """What a step does; the order of the members is the order of the steps."""

    ADD_METER = "add meter"
    MODIFY_METER = "modify meter"
    ADD_GROUP = "add"
    MODIFY_GROUP = "modify"
    ADD_FLOW = "write"
    DELETE_FLOW = "delete flow"
    DELETE_GROUP = "delete group"
    DELETE_METER = "delete meter"


_PLACE = struct.Struct("!BH")  # table and priority
Entry = TypeVar("Entry")
Subject = FlowEntry | GroupEntry | MeterEntry


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one flow, group or meter."""

    action: Action
    subject: Subject

    def encode(self, xid: int) -> bytes:
        """Return the step's message.

        Raises TooLargeError when it does not fit into one.
        """
        if isinstance(self.subject, MeterEntry):
            return meter_mod(xid, _METER_COMMANDS[self.action], self.subject)
        if isinstance(self.subject, GroupEntry):
            return group_mod(xid, _GROUP_COMMANDS[self.action], self.subject)
        return flow_mod(xid, self._flow_command, self.subject)

    def bundled(self, bundle: int, xid: int) -> bytes:
        """Return the step's message in a bundle-add.

        Raises TooLargeError when both do not fit into one.
        """
        if isinstance(self.subject, FlowEntry):
            return bundled_flow_mod(bundle, xid, self._flow_command, self.subject)
        return bundled(bundle, self.encode(xid), self.subject)

    @property
    def _flow_command(self) -> FlowCommand:
        return FlowCommand.ADD if self.action is Action.ADD_FLOW else FlowCommand.DELETE_STRICT

    def __str__(self) -> str:
        return describe(self.subject)


_GROUP_ACTION = re.compile(rb"\x00\x16\x00\x08(.{4})", re.DOTALL)  # OFPAT_GROUP, 8 bytes long
_METER_ACTION = re.compile(rb"\x00\x1d\x00\x08(.{4})", re.DOTALL)  # OFPAT_METER
_METER_COMMANDS = {
    Action.ADD_METER: MeterCommand.ADD,
    Action.MODIFY_METER: MeterCommand.MODIFY,
    Action.DELETE_METER: MeterCommand.DELETE,
}
_GROUP_COMMANDS = {
    Action.ADD_GROUP: GroupCommand.ADD,
    Action.MODIFY_GROUP: GroupCommand.MODIFY,
    Action.DELETE_GROUP: GroupCommand.DELETE,
}


def describe(subject: object) -> str:
    """Return a name for a flow or group that an operator can find on the bridge."""
    if isinstance(subject, FlowEntry):
        key = subject.key
        place = f"flow cookie={subject.cookie:#x} table={key.table} priority={key.priority}"
        return f"{place} match={key.match.hex()}"
    if isinstance(subject, GroupEntry | MeterEntry):
        kind = "group" if isinstance(subject, GroupEntry) else "meter"
        return f"{kind} {subject.number}"
    return str(subject)


def changed(running: BridgeProgram, wanted: BridgeProgram) -> tuple[Step, ...]:
    """Return the steps from a program that the bridge is known to hold to another one.

    They are those of ``reconcile``, and cost only what differs.
    """
    delta = difference(running, wanted)
    flows = delta.flows.values()
    writes = [new for _, new in flows if new is not None]
    excess = [old for old, new in flows if old is not None and new is None]
    if writes and excess:
        writes, excess = _without_respelt(writes, excess)
    return (
        *_steps(Action.ADD_METER, _come(delta.meters)),
        *_steps(Action.MODIFY_METER, _other(delta.meters)),
        *_steps(Action.ADD_GROUP, _come(delta.groups)),
        *_steps(Action.MODIFY_GROUP, _other(delta.groups)),
        *_steps(Action.ADD_FLOW, writes),
        *_steps(Action.DELETE_FLOW, excess),
        *_steps(Action.DELETE_GROUP, _gone(delta.groups)),
        *_steps(Action.DELETE_METER, _gone(delta.meters)),
    )


def _come(changes: Changed[int, Entry]) -> list[Entry]:
    return [new for old, new in changes.values() if old is None and new is not None]


def _other(changes: Changed[int, Entry]) -> list[Entry]:
    return [new for old, new in changes.values() if old is not None and new is not None]


def _gone(changes: Changed[int, Entry]) -> list[Entry]:
    return [old for old, new in changes.values() if old is not None and new is None]


def reconcile(
    held: Held,
    wanted: BridgeProgram,
    known_groups: Iterable[int] = (),
    known_meters: Iterable[int] = (),
) -> tuple[Step, ...]:
    """Return the steps from ``held`` to ``wanted``, in an order that is safe to execute.

    Groups and meters come before the flows that point to them and go after them. A flow whose
    cookie or instructions differ is written again by ADD, because a modification cannot change a
    cookie. A group or meter that nobody wants is deleted only when it is ours: one of those known,
    or the target of a flow of ours. Equal input gives equal steps, and equal sides give none.
    """
    writes = [flow for key, flow in wanted.flows.items() if held.flows.get(key) != flow]
    met = len(wanted.flows) - sum(flow.key not in held.flows for flow in writes)
    left = held.flows.items() if met < len(held.flows) else ()
    excess = [flow for key, flow in left if key not in wanted.flows]
    if writes and excess:
        writes, excess = _without_respelt(writes, excess)
    groups = _missing(held.groups, wanted.groups)
    meters = _missing(held.meters, wanted.meters)
    return (
        *_steps(Action.ADD_METER, [m for m in meters if m.number not in held.meters]),
        *_steps(Action.MODIFY_METER, [m for m in meters if m.number in held.meters]),
        *_steps(Action.ADD_GROUP, [g for g in groups if g.number not in held.groups]),
        *_steps(Action.MODIFY_GROUP, [g for g in groups if g.number in held.groups]),
        *_steps(Action.ADD_FLOW, writes),
        *_steps(Action.DELETE_FLOW, excess),
        *_steps(Action.DELETE_GROUP, _orphans(held, wanted, known_groups)),
        *_steps(Action.DELETE_METER, _unlimited(held, wanted, known_meters)),
    )


def _missing(held: Mapping[int, Entry], wanted: Mapping[int, Entry]) -> list[Entry]:
    return [entry for number, entry in wanted.items() if held.get(number) != entry]


def _steps(action: Action, subjects: Iterable[Subject]) -> list[Step]:
    return [Step(action, subject) for subject in sorted(subjects, key=_place)]


def _place(subject: Subject) -> bytes:
    """Return what subjects of one kind are ordered by: one comparison of bytes for each two."""
    if isinstance(subject, FlowEntry):
        return _PLACE.pack(*subject.key[:2]) + subject.key.match
    return subject.number.to_bytes(4, "big")


def _without_respelt(
    writes: list[FlowEntry], excess: list[FlowEntry]
) -> tuple[list[FlowEntry], list[FlowEntry]]:
    """Drop what differs in spelling only: deleting "the other" flow would delete the new one."""
    respelt = {canonical(flow.key): flow for flow in writes}
    same = {canonical(flow.key): flow for flow in excess if canonical(flow.key) in respelt}
    kept = [
        flow
        for name, flow in respelt.items()
        if name not in same or not _same_effect(same[name], flow)
    ]
    return kept, [flow for flow in excess if canonical(flow.key) not in same]


def _same_effect(one: FlowEntry, other: FlowEntry) -> bool:
    return (one.cookie, one.instructions) == (other.cookie, other.instructions)


def _orphans(held: Held, wanted: BridgeProgram, known: Iterable[int]) -> list[GroupEntry]:
    candidates = [group for number, group in held.groups.items() if number not in wanted.groups]
    if not candidates:
        return []
    ours = {*known, *group_targets(held.flows.values())}
    return [group for group in candidates if group.number in ours]


def _unlimited(held: Held, wanted: BridgeProgram, known: Iterable[int]) -> list[MeterEntry]:
    candidates = [meter for number, meter in held.meters.items() if number not in wanted.meters]
    if not candidates:
        return []
    ours = {*known, *_targets(_METER_ACTION, held.flows.values())}
    return [meter for meter in candidates if meter.number in ours]


def group_targets(flows: Iterable[FlowEntry]) -> Iterator[int]:
    """Yield the numbers of the groups that flows point to."""
    return _targets(_GROUP_ACTION, flows)


def _targets(action: re.Pattern[bytes], flows: Iterable[FlowEntry]) -> Iterator[int]:
    for flow in flows:
        for target in action.finditer(flow.instructions):
            yield int.from_bytes(target[1], "big")
