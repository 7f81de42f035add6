"""Flows, groups and their actions as values, before they become text or bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from translators.openflow.fields import Field
from translators.plan.model import Address

Test = tuple[Field, int, int | None]  # field, value, mask; a mask of None compares every bit
Match = tuple[Test, ...]
PUNTED = 128  # bytes of a punted packet: Ethernet, IPv6 and TCP with options are 114


@dataclass(frozen=True, slots=True)
class SetField:
    """Write a value into a field or register."""

    field: Field
    value: int


@dataclass(frozen=True, slots=True)
class Move:
    """Copy ``bits`` of one field into another, each from a bit on (OpenFlow 1.5 copy_field)."""

    source: Field
    target: Field
    bits: int
    source_bit: int = 0
    target_bit: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Send the packet out of a port."""

    port: int


@dataclass(frozen=True, slots=True)
class Reflect:
    """Send the packet back to the port that it came from (OFPP_IN_PORT)."""


@dataclass(frozen=True, slots=True)
class DecTtl:
    """Lower the TTL or hop limit by one; flows see to it that it is more than 1."""


@dataclass(frozen=True, slots=True)
class Punt:
    """Send the packet's headers, with its registers and connection, to the controller."""


@dataclass(frozen=True, slots=True)
class Resubmit:
    """Look the packet up in another table and come back."""

    table: int


@dataclass(frozen=True, slots=True)
class ToGroup:
    """Hand the packet to a group."""

    number: int


@dataclass(frozen=True, slots=True)
class Metered:
    """Drop the packet if the meter has no room for it; nothing after it happens then."""

    number: int


@dataclass(frozen=True, slots=True)
class Queued:
    """Let the packet leave by this queue of its port; a port without it uses its queue 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Satisfy clause ``clause`` (from 0) of ``clauses`` of the conjunctive match ``id``."""

    id: int
    clause: int
    clauses: int


@dataclass(frozen=True, slots=True)
class Nat:
    """Translate the destination to this address and port; without: apply what is recorded.

    With ``source`` it is the source that is translated, and the switch chooses the port.
    """

    address: Address | None = None
    port: int = 0
    source: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """Pass through connection tracking in the segment's zone (ovs-actions(7), ``ct``).

    With ``table`` the packet goes on there with its connection's state; ``execute`` writes the
    connection's mark and label and needs ``commit``.
    """

    commit: bool = False
    table: int | None = None
    nat: Nat | None = None
    execute: tuple[SetField | Move, ...] = ()


Act = (
    SetField
    | Move
    | Output
    | Reflect
    | DecTtl
    | Punt
    | Resubmit
    | ToGroup
    | Metered
    | Queued
    | Conjunction
    | Track
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow; no actions and no ``goto`` drop the packet."""

    table: int
    priority: int
    match: Match
    cookie: int
    actions: tuple[Act, ...] = ()
    goto: int | None = None

    @property
    def key(self) -> tuple[int, int, Match]:
        """What makes it one and the same flow for a switch."""
        return (self.table, self.priority, self.match)

    @property
    def drops(self) -> bool:
        """Whether the packet ends here."""
        return not self.actions and self.goto is None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One choice of a group; ``number`` stays the same while other buckets come and go."""

    number: int
    actions: tuple[Act, ...]
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """A select group that spreads connections over its buckets by ``dp_hash``.

    With ``fields`` it goes by a hash of these alone, and each bucket has the weight 1: the bucket
    whose number scores highest with the hash is chosen, so that one that comes or goes moves only
    what is its own.
    """

    number: int
    buckets: tuple[Bucket, ...]
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit in kbit/s, and the kbit that may come at once; it drops what is more."""

    number: int
    rate: int
    burst: int


@dataclass(frozen=True, slots=True)
class Program:
    """Everything of ours that one bridge should hold, in canonical order."""

    flows: tuple[Flow, ...]
    groups: tuple[Group, ...]
    meters: tuple[Meter, ...] = ()


Item = Flow | Group | Meter


class Several(Protocol):
    """Flows, groups and meters that were made together."""

    @property
    def items(self) -> Iterable[Item]:
        """All of them."""


def match(*tests: tuple[Field, int] | Test) -> Match:
    """Return a match of these tests in Open vSwitch's own field order."""
    full = [test if len(test) == 3 else (*test, None) for test in tests]
    if len(full) > 1:
        full.sort(key=_place)
    return tuple(full)


def _place(test: Test) -> int:
    return test[0].order


def program(*made: Iterable[Item | Several]) -> Program:
    """Return a program in canonical order; two flows with one match are a bug of the caller."""
    unique: dict[tuple[int, int, Match], Flow] = {}
    numbered: dict[int, Group] = {}
    limits: dict[int, Meter] = {}
    for item in items_of(one for several in made for one in several):
        if isinstance(item, Group):
            numbered[item.number] = item
            continue
        if isinstance(item, Meter):
            limits[item.number] = item
            continue
        other = unique.setdefault(item.key, item)
        if other != item:
            raise ValueError(f"two flows share one match: {other!r} and {item!r}")
    ordered = sorted(unique.values(), key=_order)
    return Program(
        tuple(ordered),
        tuple(group for _, group in sorted(numbered.items())),
        tuple(meter for _, meter in sorted(limits.items())),
    )


def items_of(found: Iterable[Item | Several]) -> Iterator[Item]:
    """Yield flows, groups and meters one by one, also those that were made together."""
    for one in found:
        if isinstance(one, Flow | Group | Meter):
            yield one
        else:
            yield from one.items


def _order(flow: Flow) -> tuple[int, int, tuple[tuple[int, int, int], ...]]:
    tests = tuple((f.order, value, -1 if mask is None else mask) for f, value, mask in flow.match)
    return (flow.table, -flow.priority, tests)
