"""The questions that a session has asked a bridge, and the answers as they come in by parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xds_server.protocols.openflow.codec import Port, PortReason, decode_ports
from xds_server.protocols.openflow.counters import (
    Counters,
    Counts,
    decode_meter_stats,
    decode_queue_stats,
)
from xds_server.protocols.openflow.errors import ProtocolError
from xds_server.protocols.openflow.multipart import (
    Part,
    decode_entries,
    decode_flows,
    decode_groups,
    decode_meters,
    decode_part,
)
from xds_server.protocols.openflow.reconcile import Held
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry, MeterEntry

_MOST_PORTS = 65_536
_MOST_OBJECTS = 1_000_000  # flows, groups or ports in one answer: 10 times the largest target


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose flows we touch: those whose cookie equals ``cookie`` in the bits of ``mask``."""

    cookie: int = 0xF5D0 << 48
    mask: int = 0xFFFF << 48
    spared: frozenset[int] = frozenset()  # tables of others, whose flows are none of our business
    passing: int = 61  # bits 32 to 47 of a cookie: flows that come and go beside the program

    def owns(self, cookie: int) -> bool:
        """Whether a flow with this cookie is of our programs."""
        ours = cookie & self.mask == self.cookie & self.mask
        return ours and cookie >> 32 & 0xFFFF != self.passing

    def takes(self, flow: FlowEntry) -> bool:
        """Whether a flow is ours to change."""
        return self.owns(flow.cookie) and (self.mask != 0 or flow.key.table not in self.spared)

    def everyone(self) -> Owner:
        """Return the owner of all flows but those in spared tables."""
        return Owner(0, 0, self.spared)


class Xids:
    """Transaction ids in a row; the ids of one transaction never wrap around."""

    def __init__(self) -> None:
        self._next = 1

    def take(self, count: int = 1) -> int:
        """Return the first of ``count`` consecutive ids."""
        if self._next + count > 0xFFFFFFFF:
            self._next = 1
        first, self._next = self._next, self._next + count
        return first


@dataclass(slots=True)
class Ports:
    """The ports of a bridge, kept true by port status messages."""

    named: dict[int, str] = field(default_factory=dict)

    def listed(self, payload: bytes) -> int:
        """Take a part of the port list; return how many ports it held."""
        ports = decode_ports(payload)
        self.named.update((port.number, port.name) for port in ports)
        return len(ports)

    def changed(self, reason: int, port: Port) -> bool:
        """Take one port status; return whether names or numbers changed."""
        before = self.named.get(port.number)
        if reason == PortReason.DELETE:
            self.named.pop(port.number, None)
            return before is not None
        if before is None and len(self.named) >= _MOST_PORTS:
            raise ProtocolError(f"the bridge claims to have more than {_MOST_PORTS} ports")
        self.named[port.number] = port.name
        return before != port.name

    def by_name(self) -> dict[str, int]:
        """Return name to number, in the order of names."""
        return dict(sorted((name, number) for number, name in self.named.items()))


@dataclass(slots=True)
class Dump:
    """Our flows, and all groups and meters, as the bridge lists them.

    A flow that is as ``wanted`` is that object: most are, and would be a second copy of a program.
    """

    owner: Owner
    wanted: Mapping[FlowKey, FlowEntry] = field(default_factory=dict)
    flows: dict[FlowKey, FlowEntry] = field(default_factory=dict)
    groups: dict[int, GroupEntry] = field(default_factory=dict)
    left_out: list[FlowEntry] = field(default_factory=list)
    meters: dict[int, MeterEntry] = field(default_factory=dict)

    def flows_listed(self, payload: bytes) -> int:
        """Take a part of the flow list; flows that are not ours are left out."""
        seen = 0
        for flow in decode_entries(payload):
            seen += 1
            if self.owner.takes(flow):
                same = self.wanted.get(flow.key)
                mine = same if same is not None and same == flow else flow
                self.flows[mine.key] = mine
            else:
                self.left_out.append(flow)
        return seen

    def groups_listed(self, payload: bytes) -> int:
        """Take a part of the group list."""
        groups = list(decode_groups(payload))
        self.groups.update((group.number, group) for group in groups)
        return len(groups)

    def meters_listed(self, payload: bytes) -> int:
        """Take a part of the meter list."""
        meters = list(decode_meters(payload))
        self.meters.update((meter.number, meter) for meter in meters)
        return len(meters)

    def held(self) -> Held:
        """Return what was listed."""
        return Held(self.flows, self.groups, self.meters)


@dataclass(slots=True)
class Tally:
    """Counters summed by table and cookie, and what meters and queues dropped."""

    flows: dict[tuple[int, int], Counts] = field(default_factory=dict)
    meters: dict[int, Counts] = field(default_factory=dict)
    queues: dict[tuple[int, int], int] = field(default_factory=dict)

    def flows_listed(self, payload: bytes) -> int:
        """Take a part of the flow list."""
        seen = 0
        for flow in decode_flows(payload):
            place = (flow.entry.key.table, flow.entry.cookie)
            packets, volume = self.flows.get(place, (0, 0))
            self.flows[place] = (packets + flow.packets, volume + flow.bytes)
            seen += 1
        return seen

    def meters_counted(self, payload: bytes) -> int:
        """Take a part of the meters' statistics."""
        found = list(decode_meter_stats(payload))
        self.meters.update(found)
        return len(found)

    def queues_counted(self, payload: bytes) -> int:
        """Take a part of the queues' statistics."""
        found = list(decode_queue_stats(payload))
        self.queues.update(found)
        return len(found)

    def counters(self) -> Counters:
        """Return what was counted."""
        return Counters(self.flows, self.meters, self.queues)


@dataclass(slots=True)
class Question:
    """One multipart request under way: ``take`` gets each part, ``then`` tells what it was for.

    Where it is ``spared`` a refusal is an answer, too: there is none.
    """

    part: Part
    take: Callable[[bytes], int]
    then: str
    spared: bool = False
    seen: int = 0

    def answered(self, body: bytes) -> bool:
        """Take one reply; return whether it was the last.

        Raises ProtocolError for a reply of another kind and for one without end.
        """
        kind, more, payload = decode_part(body)
        if kind != self.part:
            raise ProtocolError(f"asked for {self.part.name}, the answer is of kind {kind}")
        self.seen += self.take(payload)
        if self.seen > _MOST_OBJECTS:
            raise ProtocolError(f"a {self.part.name} answer of more than {_MOST_OBJECTS} objects")
        return not more
