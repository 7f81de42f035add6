"""From what a bridge holds to what it should hold: the shortest ordered list of steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from xds_server.protocols.openflow.mods import FlowCommand, GroupCommand, flow_mod, group_mod
from xds_server.protocols.openflow.spelling import canonical
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, GroupEntry


@dataclass(frozen=True, slots=True)
class Held:
    """What a bridge holds: our flows, and every group (groups carry no owner)."""

    flows: Mapping[FlowKey, FlowEntry] = field(default_factory=dict)
    groups: Mapping[int, GroupEntry] = field(default_factory=dict)


class Action(Enum):
    """What a step does; the order of the members is the order of the steps."""

    ADD_GROUP = "add"
    MODIFY_GROUP = "modify"
    ADD_FLOW = "write"
    DELETE_FLOW = "delete flow"
    DELETE_GROUP = "delete group"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one flow or group."""

    action: Action
    subject: FlowEntry | GroupEntry

    def encode(self, xid: int) -> bytes:
        """Return the step's message.

        Raises TooLargeError when it does not fit into one.
        """
        if isinstance(self.subject, GroupEntry):
            return group_mod(xid, _GROUP_COMMANDS[self.action], self.subject)
        command = FlowCommand.ADD if self.action is Action.ADD_FLOW else FlowCommand.DELETE_STRICT
        return flow_mod(xid, command, self.subject)

    def __str__(self) -> str:
        return describe(self.subject)


_GROUP_ACTION = re.compile(rb"\x00\x16\x00\x08(.{4})", re.DOTALL)  # OFPAT_GROUP, 8 bytes long
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
    if isinstance(subject, GroupEntry):
        return f"group {subject.number}"
    return str(subject)


def reconcile(
    held: Held, wanted: BridgeProgram, known_groups: Iterable[int] = ()
) -> tuple[Step, ...]:
    """Return the steps from ``held`` to ``wanted``, in an order that is safe to execute.

    Groups come before the flows that point to them and go after them. A flow whose cookie or
    instructions differ is written again by ADD, because a modification cannot change a cookie. A
    group that nobody wants is deleted only when it is ours: one of ``known_groups``, or the
    target of a flow of ours. Equal input gives equal steps, and equal sides give none.
    """
    writes = [flow for key, flow in wanted.flows.items() if held.flows.get(key) != flow]
    excess = [flow for key, flow in held.flows.items() if key not in wanted.flows]
    if writes and excess:
        writes, excess = _without_respelt(writes, excess)
    groups = wanted.groups
    added = [group for number, group in groups.items() if number not in held.groups]
    modified = [
        group
        for number, group in groups.items()
        if number in held.groups and held.groups[number] != group
    ]
    return (
        *_steps(Action.ADD_GROUP, added),
        *_steps(Action.MODIFY_GROUP, modified),
        *_steps(Action.ADD_FLOW, writes),
        *_steps(Action.DELETE_FLOW, excess),
        *_steps(Action.DELETE_GROUP, _orphans(held, wanted, known_groups)),
    )


def _steps(action: Action, subjects: Iterable[FlowEntry] | Iterable[GroupEntry]) -> list[Step]:
    ordered: list[FlowEntry | GroupEntry] = sorted(subjects)
    return [Step(action, subject) for subject in ordered]


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


def group_targets(flows: Iterable[FlowEntry]) -> Iterator[int]:
    """Yield the numbers of the groups that flows point to."""
    for flow in flows:
        for target in _GROUP_ACTION.finditer(flow.instructions):
            yield int.from_bytes(target[1], "big")
