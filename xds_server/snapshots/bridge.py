"""What a bridge should hold of ours, as bytes, and how one program differs from another.

A program that was made from another one remembers how it differs, so that whoever has the one
finds the way to the other without a walk through all flows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from immutables import Map

K = TypeVar("K")
E = TypeVar("E")
Changed = Mapping[K, tuple[E | None, E | None]]  # by key: before and after

_STEPS = 8  # the last changes that a program remembers
_LARGE = 4096  # a change of more entries is not worth remembering
_SUM = 1 << 256


class FlowKey(NamedTuple):
    """What makes a flow one and the same for OpenFlow: ADD with an equal key replaces it."""

    table: int
    priority: int
    match: bytes  # ofp_match OXM TLVs, without header and padding, in OVS's own order


class FlowEntry(NamedTuple):
    """One flow as bytes: OpenFlow 1.5 instructions, and the cookie that names its cause."""

    key: FlowKey
    cookie: int
    instructions: bytes


class GroupEntry(NamedTuple):
    """One group as bytes: type, and what follows the bucket array length in a group-mod."""

    number: int
    kind: int
    buckets: bytes
    properties: bytes


class MeterEntry(NamedTuple):
    """One meter as bytes: its flags (OFPMF_*), and its bands as a meter-mod carries them."""

    number: int
    flags: int
    bands: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """What is different between two programs; it leads both ways."""

    flows: Changed[FlowKey, FlowEntry] = field(default_factory=dict)
    groups: Changed[int, GroupEntry] = field(default_factory=dict)
    meters: Changed[int, MeterEntry] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.flows) + len(self.groups) + len(self.meters)

    @property
    def back(self) -> Delta:
        """The same difference, seen from the other program."""
        return Delta(_back(self.flows), _back(self.groups), _back(self.meters))

    def then(self, later: Delta) -> Delta:
        """Return the difference over two steps."""
        return Delta(
            _joined(self.flows, later.flows),
            _joined(self.groups, later.groups),
            _joined(self.meters, later.meters),
        )


@dataclass(frozen=True, slots=True)
class BridgeProgram:
    """Everything that one bridge should hold of ours; equal content has an equal version.

    ``steps`` lead to it from what it was made from (by ``total``), the last one first.
    """

    flows: Map[FlowKey, FlowEntry] = field(repr=False)
    groups: Map[int, GroupEntry] = field(repr=False)
    total: int  # the sum of the entries' hashes, which a change carries on
    meters: Map[int, MeterEntry] = field(default_factory=Map, repr=False)
    steps: tuple[tuple[int, Delta], ...] = field(default=(), compare=False, repr=False)

    @property
    def version(self) -> str:
        """A hash of the content."""
        return hashlib.blake2b(self.total.to_bytes(32, "big"), digest_size=16).hexdigest()

    def changed(self, delta: Delta) -> BridgeProgram:
        """Return the program that differs in this; the same one if that is nothing."""
        if not delta:
            return self
        total = self.total
        for entries in (delta.flows, delta.groups, delta.meters):
            for old, new in entries.values():
                total += (0 if new is None else _hash(new)) - (0 if old is None else _hash(old))
        large = len(delta) > _LARGE
        steps = () if large else ((self.total, delta), *self.steps[: _STEPS - 1])
        return BridgeProgram(
            _applied(self.flows, delta.flows),
            _applied(self.groups, delta.groups),
            total % _SUM,
            _applied(self.meters, delta.meters),
            steps,
        )


def program_of(
    flows: Iterable[FlowEntry], groups: Iterable[GroupEntry], meters: Iterable[MeterEntry] = ()
) -> BridgeProgram:
    """Return a bridge program."""
    every, kept, limits = list(flows), list(groups), list(meters)
    return BridgeProgram(
        Map({flow.key: flow for flow in every}),
        Map({group.number: group for group in kept}),
        (sum(map(_hash, every)) + sum(map(_hash, kept)) + sum(map(_hash, limits))) % _SUM,
        Map({meter.number: meter for meter in limits}),
    )


def difference(old: BridgeProgram, new: BridgeProgram) -> Delta:
    """Return what leads from one program to the other."""
    if old is new or old.total == new.total:
        return Delta()
    if new.steps and new.steps[0][0] == old.total:  # as nearly always: made from the old one
        return new.steps[0][1]
    known = dict(_origins(old))
    for total, delta in _origins(new):
        if total in known:
            return known[total].back.then(delta)
    return Delta(
        _compared(old.flows, new.flows),
        _compared(old.groups, new.groups),
        _compared(old.meters, new.meters),
    )


def _origins(program: BridgeProgram) -> Iterator[tuple[int, Delta]]:
    """Yield what a program was made from, with the way to the program; itself first."""
    way = Delta()
    yield program.total, way
    for total, delta in program.steps:
        way = delta.then(way)
        yield total, way


def _hash(entry: FlowEntry | GroupEntry | MeterEntry) -> int:
    if isinstance(entry, FlowEntry):
        (table, priority, match), cookie, body = entry
        head = b"%d %d %d %d " % (table, priority, cookie, len(match))
        content = head + match + body
    elif isinstance(entry, MeterEntry):
        content = b"meter %d %d " % (entry.number, entry.flags) + entry.bands
    else:
        number, kind, buckets, properties = entry
        content = b"group %d %d %d " % (number, kind, len(buckets)) + buckets + properties
    return int.from_bytes(hashlib.blake2b(content, digest_size=32).digest(), "big")


def _applied(held: Map[K, E], changes: Changed[K, E]) -> Map[K, E]:
    if not changes:
        return held
    found = held.mutate()
    for key, (_, new) in changes.items():
        if new is None:
            del found[key]
        else:
            found[key] = new
    return found.finish()


def _back(changes: Changed[K, E]) -> Changed[K, E]:
    return {key: (new, old) for key, (old, new) in changes.items()}


def _joined(first: Changed[K, E], later: Changed[K, E]) -> Changed[K, E]:
    if not first or not later:
        return first or later
    found = dict(first)
    for key, (old, new) in later.items():
        found[key] = (found[key][0] if key in found else old, new)
    return {key: change for key, change in found.items() if change[0] != change[1]}


def _compared(old: Mapping[K, E], new: Mapping[K, E]) -> Changed[K, E]:
    found: dict[K, tuple[E | None, E | None]] = {
        key: (old.get(key), entry) for key, entry in new.items() if old.get(key) != entry
    }
    found.update({key: (entry, None) for key, entry in old.items() if key not in new})
    return found
