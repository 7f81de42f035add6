"""Finding what a client refuses: groups that hold a bad item are halved until it stands alone.

A client may reject a response as a whole and name nothing ("xDS REST and gRPC protocol", section
"ACK and NACK semantics"). One bad item among n is found within ceil(log2(n)) + 2 responses, the
first one and the one that ships the rest included; when the client names it, within 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xds_server.protocols.xds.refusal import Refusal, culprit, shown
from xds_server.snapshots.model import Resource

Item = tuple[str, str | None]  # a name and the version it should have; None: its removal
Items = Mapping[Item, Resource | None]

_MOST_BAD = 16  # items found bad a version; a client that refuses more refuses everything
_MOST_REMEMBERED = 1024  # bad items a type over versions; the oldest is forgotten first


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that were refused together: one of them at least is bad."""

    items: Items
    reason: str

    def probe(self) -> tuple[Item, ...]:
        """Return what to try next: all but the one that the client names, or the first half."""
        named = culprit(self.reason, {name for name, _ in self.items})
        if named:
            return tuple(item for item in self.items if item[0] != named)
        return tuple(self.items)[: len(self.items) // 2]


class Quarantine:
    """What one client refuses of one type. Bad is an item, never a name: a new version is new."""

    __slots__ = ("_bad", "_deferred", "_found", "_groups", "_version")

    def __init__(self) -> None:
        self._bad: dict[Item, Refusal] = {}
        self._groups: list[_Group] = []
        self._deferred: set[Item] = set()
        self._version = ""
        self._found = 0

    def __contains__(self, item: Item) -> bool:
        return item in self._bad

    def __bool__(self) -> bool:
        return bool(self._bad or self._groups or self._deferred)

    def known(self) -> frozenset[Item] | None:
        """Return the bad items where all that were refused have been found, else None.

        Then ``choose`` leaves these out and nothing else.
        """
        return None if self._groups or self._deferred else frozenset(self._bad)

    def why(self, item: Item) -> Refusal:
        """Return why an item is bad; raises KeyError for one that is not."""
        return self._bad[item]

    def aim(self, version: str) -> None:
        """Begin to count anew when the type's version has changed."""
        if version == self._version:
            return
        self._version, self._found = version, 0
        while len(self._bad) > _MOST_REMEMBERED:
            del self._bad[next(iter(self._bad))]

    def choose(self, lacking: Sequence[Item]) -> Sequence[Item]:
        """Return what the next response should hold of what the client lacks, in its order.

        What was never refused goes first, so that nothing sick holds it up.
        """
        if not self:
            return lacking
        wanted = dict.fromkeys(item for item in lacking if item not in self._bad)
        self._drop_stale(wanted)
        suspects = self._deferred.union(*(group.items for group in self._groups))
        fresh = [item for item in wanted if item not in suspects]
        if fresh:
            return fresh
        if self._groups:
            return self._groups[-1].probe()
        return list(wanted)

    def _drop_stale(self, wanted: Mapping[Item, None]) -> None:
        """A group that has lost an item to time proves nothing about the others any more."""
        stale = [group for group in self._groups if not group.items.keys() <= wanted.keys()]
        for group in stale:
            self._groups.remove(group)
            self._deferred.update(group.items)
        self._deferred &= wanted.keys()

    def refused(self, items: Items, reason: str) -> list[Refusal]:
        """Take a refusal of these items; return what it proves bad."""
        self._deferred.difference_update(items)
        top = self._groups[-1] if self._groups else None
        if top is not None and items.keys() <= top.items.keys():
            self._groups.pop()
            self._deferred.update(top.items.keys() - items.keys())
        return self._narrow(items, reason)

    def accepted(self, items: Iterable[Item]) -> list[Refusal]:
        """Take an acceptance of these items; return what it proves bad, by deduction."""
        taken = set(items)
        self._deferred -= taken
        if not self._groups or not taken & self._groups[-1].items.keys():
            return []
        top = self._groups.pop()
        rest = {item: resource for item, resource in top.items.items() if item not in taken}
        return self._narrow(rest, top.reason) if rest else []

    def _narrow(self, items: Items, reason: str) -> list[Refusal]:
        if len(items) == 1:
            [(item, resource)] = items.items()
            origin = resource.origin if resource else ""
            self._found += 1
            return [self._condemn(item, Refusal(shown(reason), item[0], origin))]
        if self._found < _MOST_BAD:
            self._groups.append(_Group(items, reason))
            return []
        return self._give_up(items, reason)

    def _give_up(self, items: Items, reason: str) -> list[Refusal]:
        """Search no further: a client that refuses everything must not keep us busy."""
        text = f"one of {len(items)} resources or more, too many to find each: {shown(reason)}"
        everything = {**items, **dict.fromkeys(sorted(self._deferred, key=repr))}
        for group in self._groups:
            everything |= group.items
        self._groups.clear()
        self._deferred.clear()
        return [self._condemn(item, Refusal(text)) for item in everything][:1]

    def _condemn(self, item: Item, refusal: Refusal) -> Refusal:
        self._bad[item] = refusal
        return refusal


def belonging(items: Items, own: Mapping[str, Resource]) -> Items:
    """Return the items with a client's own resources: equal bytes can have other origins."""
    found = {item: own.get(item[0]) for item in items}
    return {i: o if o and o.version == i[1] else items[i] for i, o in found.items()}
