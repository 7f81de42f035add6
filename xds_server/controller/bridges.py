"""Bridges' programs as values, carried on from one plan to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from translators.openflow.bridge import Bridge, bridge_of
from translators.openflow.encode import EncodedFlow, EncodedMeter
from translators.openflow.news import News, news
from translators.openflow.part import Entry
from translators.plan.model import Plan
from xds_server.snapshots.bridge import Delta
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    MeterEntry,
    program_of,
)

E = TypeVar("E")
Ports = Mapping[str, int]  # interface name to OpenFlow port number


@dataclass(frozen=True, slots=True)
class Translation:
    """A host's program, and what the next one can take over."""

    program: BridgeProgram
    bridge: Bridge = field(compare=False, repr=False)


class Newsroom:
    """The news of one plan since earlier ones, each worked out once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._known: dict[int, tuple[Plan, News]] = {}  # what is held here keeps its id

    def since(self, old: Plan) -> News:
        """Return what the plan has that an older one had not."""
        if id(old) not in self._known:
            self._known[id(old)] = (old, news(old, self.plan))
        return self._known[id(old)][1]


def translation(
    plan: Plan,
    host: str,
    ports: Ports,
    before: Translation | None = None,
    newsroom: Newsroom | None = None,
) -> Translation:
    """Return a host's program; where nothing of it has changed, it is that of ``before``.

    Raises ValueError where the plan does not fit into the bridge.
    """
    if before is None:
        bridge = bridge_of(plan, host, ports)
        made = [_entry(entry) for entry in bridge.entries.values()]
        flows = [one for one in made if isinstance(one, FlowEntry)]
        groups = [one for one in made if isinstance(one, GroupEntry)]
        meters = [one for one in made if isinstance(one, MeterEntry)]
        return Translation(program_of(flows, groups, meters), bridge)
    found = (newsroom or Newsroom(plan)).since(before.bridge.site.plan)
    if before.bridge.holds(ports, found):
        return Translation(before.program, before.bridge.of(plan))
    bridge = bridge_of(plan, host, ports, before.bridge, found)
    return Translation(before.program.changed(_delta(bridge)), bridge)


def bridge_program(plan: Plan, host: str, ports: Ports) -> BridgeProgram:
    """Return the flows, groups and meters of a host's bridge."""
    return translation(plan, host, ports).program


def _delta(bridge: Bridge) -> Delta:
    flows: dict[FlowKey, tuple[FlowEntry | None, FlowEntry | None]] = {}
    groups: dict[int, tuple[GroupEntry | None, GroupEntry | None]] = {}
    meters: dict[int, tuple[MeterEntry | None, MeterEntry | None]] = {}
    for old, new in bridge.changes.values():
        was, now = (None if one is None else _entry(one) for one in (old, new))
        if isinstance(known := was or now, FlowEntry):
            flows[known.key] = (_as(FlowEntry, was), _as(FlowEntry, now))
        elif isinstance(known, GroupEntry):
            groups[known.number] = (_as(GroupEntry, was), _as(GroupEntry, now))
        elif isinstance(known, MeterEntry):
            meters[known.number] = (_as(MeterEntry, was), _as(MeterEntry, now))
    return Delta(flows, groups, meters)


def _as(kind: type[E], entry: object) -> E | None:
    assert entry is None or isinstance(entry, kind)
    return entry


def _entry(entry: Entry) -> FlowEntry | GroupEntry | MeterEntry:
    if isinstance(entry, EncodedFlow):
        key = FlowKey(entry.table, entry.priority, entry.match)
        return FlowEntry(key, entry.cookie, entry.instructions)
    if isinstance(entry, EncodedMeter):
        return MeterEntry(*entry)
    return GroupEntry(*entry)
