"""What a worker holds of the catalogue: pieces by number, put together to snapshots again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xds_server.protocols.workers.commands import Body, Drop, Pieces, Publish
from xds_server.protocols.workers.framing import FrameError
from xds_server.snapshots.model import Resource, Snapshot

_Type = tuple[str, str, str, Mapping[str, Resource]]  # type URL, digest, version, resources


class Shelf:
    """Snapshots of equal numbers are one object, and so is everything that they share."""

    def __init__(self) -> None:
        self._bodies: dict[int, bytes] = {}
        self._resources: dict[int, Resource] = {}
        self._types: dict[int, _Type] = {}
        self._snapshots: dict[int, Snapshot] = {}

    def body(self, told: Body) -> None:
        """Keep bytes for the resources that will name them."""
        self._bodies[told.number] = told.data

    def pieces(self, told: Pieces) -> None:
        """Keep pieces; raise FrameError where one needs what is not here."""
        try:
            for number, url, name, version, origin, aliases, ttl, on_demand, body in told.resources:
                self._resources[number] = Resource(
                    url, name, self._bodies[body], version, origin, aliases, ttl, on_demand
                )
            for number, url, digest, version, resources in told.types:
                named = {one.name: one for one in map(self._resources.__getitem__, resources)}
                self._types[number] = (url, digest, version, named)
            for number, types, only in told.snapshots:
                found = [self._types[one] for one in types]
                self._snapshots[number] = _snapshot(found, frozenset(only))
        except KeyError as error:
            raise FrameError(f"piece {error} is not here") from error

    def published(self, told: Publish) -> list[tuple[str, Snapshot]]:
        """Return who is to have what; raise FrameError for a snapshot that is not here."""
        try:
            return [(node, self._snapshots[number]) for node, number in told.nodes]
        except KeyError as error:
            raise FrameError(f"snapshot {error} is not here") from error

    def drop(self, told: Drop) -> None:
        """Forget pieces; whoever was given them keeps them."""
        for number in told.numbers:
            for kept in self._every():
                kept.pop(number, None)

    def __len__(self) -> int:
        return sum(map(len, self._every()))

    def _every(self) -> tuple[dict[int, Any], ...]:
        return self._bodies, self._resources, self._types, self._snapshots


def _snapshot(types: list[_Type], only: frozenset[str]) -> Snapshot:
    """Return the snapshot without working out its digests anew."""
    made = object.__new__(Snapshot)
    for name, value in (
        ("resources", {url: named for url, _, _, named in types}),
        ("given", {url: version for url, digest, version, _ in types if version != digest}),
        ("only", only),
        ("digests", {url: digest for url, digest, _, _ in types}),
        ("versions", {url: version for url, _, version, _ in types}),
    ):
        object.__setattr__(made, name, value)
    return made
