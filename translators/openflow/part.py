"""Parts of a program: flows, groups and meters that are made, kept and encoded together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from translators.openflow.encode import (
    EncodedFlow,
    EncodedGroup,
    EncodedMeter,
    encode_flow,
    encode_group,
    encode_meter,
)
from translators.openflow.flow import Group, Item, Meter

V = TypeVar("V")
Entry = EncodedFlow | EncodedGroup | EncodedMeter
Place = tuple[Any, ...]  # what a bridge knows a flow, a group or a meter by


@dataclass(slots=True, eq=False)
class Part:
    """Flows and groups that come and go together; one and the same part has the same content."""

    items: tuple[Item, ...]
    _entries: tuple[tuple[Place, Entry], ...] | None = field(default=None, init=False, repr=False)

    @property
    def entries(self) -> tuple[tuple[Place, Entry], ...]:
        """The items as bytes, each with its place; encoded once."""
        if self._entries is None:
            self._entries = tuple(_entry(item) for item in self.items)
        return self._entries


def _entry(item: Item) -> tuple[Place, Entry]:
    if isinstance(item, Group):
        return ("group", item.number), encode_group(item)
    if isinstance(item, Meter):
        return ("meter", item.number), encode_meter(item)
    flow = encode_flow(item)
    return (flow.table, flow.priority, flow.match), flow


Recalled = Mapping[Hashable, tuple[tuple[Any, ...], Any]]  # by key: what was read, what was made


class Memory:
    """What features made the last time, and what they make now, feature by feature.

    What is made depends on what was read alone. Whoever asks for less than the last time lets
    the rest be forgotten.
    """

    def __init__(self, held: Mapping[str, Recalled] | None = None) -> None:
        self.made: dict[str, dict[Hashable, tuple[tuple[Any, ...], Any]]] = {}
        self._all = held or {}
        self._once: dict[Hashable, Any] = {}
        self.turn("")

    def turn(self, feature: str) -> None:
        """Let what is asked for from now on be this feature's."""
        self._held: Recalled = self._all.get(feature, {})
        self._made = self.made.setdefault(feature, {})

    def last(self, key: Hashable) -> Any:
        """Return what was made under a key the last time, from whatever; None for nothing."""
        found = self._held.get(key)
        return None if found is None else found[1]

    def close(self) -> None:
        """Forget what was made the last time, and what was worked out once for this time."""
        self._all = {}
        self._held = {}
        self._once = {}

    def keep(self, feature: str) -> None:
        """Let all that a feature made hold as it is."""
        self.made[feature] = dict(self._all.get(feature, {}))

    def put(self, key: Hashable, value: V) -> V:
        """Let this be what was made under a key."""
        self._made[key] = ((), value)
        return value

    def once(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return what ``make`` finds, which depends on the key and the site alone."""
        if key not in self._once:
            self._once[key] = make()
        found: V = self._once[key]
        return found

    def recall(
        self, key: Hashable, reads: tuple[Any, ...], make: Callable[[], V], anew: bool = False
    ) -> V:
        """Return what was made under a key if it was made from the same; else make it.

        What comes out equal is the same object again, so that what is made of it need not be.
        """
        found = self._held.get(key)
        if anew or found is None or found[0] != reads:
            made = make()
            found = (reads, found[1] if found is not None and found[1] == made else made)
        self._made[key] = found
        value: V = found[1]
        return value
