"""What a bridge really holds beside what it should: missing, changed, left over, foreign."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xds_server.protocols.openflow.inventory import Owner
from xds_server.protocols.openflow.reconcile import (
    Action,
    Held,
    Step,
    Subject,
    group_targets,
    reconcile,
)
from xds_server.protocols.openflow.spelling import canonical
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, GroupEntry, MeterEntry


class Kind(StrEnum):
    """How something differs."""

    MISSING = "missing"  # it should be there
    CHANGED = "changed"  # it is there, with other actions or another cookie
    LEFT = "left over"  # it is ours by its cookie, and nobody wants it
    FOREIGN = "foreign"  # somebody else's, in a table that is not spared


@dataclass(frozen=True, slots=True, order=True)
class Deviation:
    """One flow, group or meter that differs."""

    kind: Kind
    subject: Subject


@dataclass(frozen=True, slots=True)
class Contents:
    """Every flow, group and meter that a bridge lists, whoever wrote it."""

    flows: Mapping[FlowKey, FlowEntry] = field(default_factory=dict)
    groups: Mapping[int, GroupEntry] = field(default_factory=dict)
    meters: Mapping[int, MeterEntry] = field(default_factory=dict)


def drift(found: Contents, wanted: BridgeProgram, owner: Owner) -> tuple[Deviation, ...]:
    """Return how a bridge differs from its program; nothing if it holds exactly that.

    A flow of others in a spared table is none of our business, and neither is a group that only
    such flows point to. Meters of others are never told: they have no owner.
    """
    ours = {k: f for k, f in found.flows.items() if owner.owns(f.cookie)}
    others = [flow for flow in found.flows.values() if not owner.owns(flow.cookie)]
    steps = reconcile(Held(ours, found.groups, found.meters), wanted)
    held = {canonical(key) for key in found.flows} if steps else set()
    deviations = [Deviation(_kind(step, held), step.subject) for step in steps]
    taken = {canonical(step.subject.key) for step in steps if isinstance(step.subject, FlowEntry)}
    foreign = [
        flow
        for flow in others
        if flow.key.table not in owner.spared and canonical(flow.key) not in taken
    ]
    spared = [flow for flow in others if flow.key.table in owner.spared]
    known = {s.subject.number for s in steps if isinstance(s.subject, GroupEntry)}
    known |= {*wanted.groups, *group_targets(spared)}
    strange: list[FlowEntry | GroupEntry] = [*foreign]
    strange += [group for number, group in found.groups.items() if number not in known]
    deviations += [Deviation(Kind.FOREIGN, subject) for subject in strange]
    return tuple(_ordered(deviations))


def _kind(step: Step, held: Container[object]) -> Kind:
    if step.action in (Action.DELETE_FLOW, Action.DELETE_GROUP, Action.DELETE_METER):
        return Kind.LEFT
    if not isinstance(step.subject, FlowEntry):
        added = (Action.ADD_GROUP, Action.ADD_METER)
        return Kind.MISSING if step.action in added else Kind.CHANGED
    return Kind.CHANGED if canonical(step.subject.key) in held else Kind.MISSING


def _ordered(deviations: list[Deviation]) -> Iterator[Deviation]:
    for kind in Kind:
        own = [one.subject for one in deviations if one.kind is kind]
        subjects: list[Subject] = sorted(s for s in own if isinstance(s, FlowEntry))
        subjects += sorted(s for s in own if isinstance(s, GroupEntry))
        subjects += sorted(s for s in own if isinstance(s, MeterEntry))
        yield from (Deviation(kind, subject) for subject in subjects)
