"""The content that workers need, cut into pieces, of which equal ones are one.

A snapshot is made of types, a type of resources, a resource of a body. A piece lives as long as
another piece or a node needs it. One catalogue serves all workers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xds_server.snapshots.model import Resource, Snapshot

_HISTORY = 3  # snapshots of a node, so that a new worker knows what the others know


@dataclass(slots=True)
class Piece:
    """Bytes of a body or the row of anything else, and the pieces that it needs.

    ``source``: the object it was first made of, which is then known by its identity.
    """

    number: int
    kind: type
    content: bytes | tuple[Any, ...]
    needs: tuple[int, ...]
    key: Hashable
    source: object
    users: int = 0


class Catalogue:
    """Every snapshot that a node has or had lately, as pieces."""

    def __init__(self) -> None:
        self._pieces: dict[int, Piece] = {}
        self._of_key: dict[Hashable, int] = {}
        self._of_source: dict[int, int] = {}  # by identity
        self._nodes: dict[str, tuple[int, ...]] = {}
        self._last = 0

    def publish(self, node: str, snapshot: Snapshot) -> list[int]:
        """Let a node have a snapshot; return the pieces that nothing needs any more."""
        before = self._nodes.get(node, ())
        number = self._snapshot(snapshot)
        after = (*(kept for kept in before if kept != number), number)[-_HISTORY:]
        self._use(after)
        self._nodes[node] = after
        return self._release(before)

    def withdraw(self, node: str) -> list[int]:
        """Let a node have nothing; return the pieces that nothing needs any more."""
        return self._release(self._nodes.pop(node, ()))

    def history(self, node: str) -> tuple[int, ...]:
        """Return the snapshots of a node by number, the current one last."""
        return self._nodes.get(node, ())

    def nodes(self) -> tuple[str, ...]:
        """Return every node that has a snapshot."""
        return tuple(self._nodes)

    def lacking(self, number: int, held: set[int]) -> list[Piece]:
        """Return what someone who holds these pieces needs for one, each before what needs it.

        They are held from now on. Whatever is held is held with all that it needs.
        """
        found: list[Piece] = []
        if number not in held:
            piece = self._pieces[number]
            for needed in piece.needs:
                if needed not in held:
                    found += self.lacking(needed, held)
            held.add(number)
            found.append(piece)
        return found

    def __len__(self) -> int:
        return len(self._pieces)

    def _snapshot(self, snapshot: Snapshot) -> int:
        known = self._of_source.get(id(snapshot))
        if known is not None:
            return known
        types = tuple(
            self._type((url, snapshot.digest(url), snapshot.version(url)), named)
            for url, named in snapshot.resources.items()
        )
        content = (types, tuple(sorted(snapshot.only)))
        return self._add(Snapshot, content, types, content, snapshot)

    def _type(self, which: tuple[str, str, str], named: Mapping[str, Resource]) -> int:
        known = self._of_source.get(id(named))
        if known is not None and self._pieces[known].content[1:4] == which:
            return known
        resources = tuple(map(self._resource, named.values()))
        content = (*which, resources)
        return self._add(dict, content, resources, content, named)

    def _resource(self, one: Resource) -> int:
        known = self._of_source.get(id(one))
        if known is None:
            known = self._of_key.get((Resource, one))
        if known is not None:
            return known
        body = self._add(bytes, one.body, (), one.body, one.body)
        content = (one.type_url, one.name, one.version, one.origin, one.aliases)
        return self._add(
            Resource, one, (body,), (*content, float(one.ttl), one.on_demand, body), one
        )

    def _add(
        self,
        kind: type,
        key: Hashable,
        needs: tuple[int, ...],
        content: bytes | tuple[Any, ...],
        source: object,
    ) -> int:
        whole = (kind, key)
        known = self._of_key.get(whole)
        if known is not None:
            return known
        self._last += 1
        number = self._last
        said = content if isinstance(content, bytes) else (number, *content)
        self._pieces[number] = Piece(number, kind, said, needs, whole, source)
        self._of_key[whole] = number
        self._of_source[id(source)] = number
        self._use(needs)
        return number

    def _use(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._pieces[number].users += 1

    def _release(self, numbers: Iterable[int]) -> list[int]:
        gone: list[int] = []
        waiting = list(numbers)
        while waiting:
            piece = self._pieces[waiting.pop()]
            piece.users -= 1
            if piece.users == 0:
                del self._pieces[piece.number], self._of_key[piece.key]
                del self._of_source[id(piece.source)]
                waiting += piece.needs
                gone.append(piece.number)
        return gone
