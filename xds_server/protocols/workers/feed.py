"""What one worker has been told and has yet to be told: the latest of every node, no queue."""

from __future__ import annotations

from collections import deque
from typing import Any

from xds_server.protocols.workers.catalogue import Catalogue, Piece
from xds_server.protocols.workers.commands import (
    COMMANDS,
    Body,
    Command,
    Drop,
    Listen,
    Pieces,
    Publish,
    Withdraw,
)
from xds_server.snapshots.model import Resource, Snapshot

ENOUGH = 256 * 1024  # bytes of bodies and rows after which a turn ends
_ROW = 64  # bytes that a row is taken to have


class Feed:
    """Makes the frames for one worker, at the moment when it can take them.

    A worker that is slow misses snapshots that were replaced meanwhile, as a proxy would.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._held: set[int] = set()
        self._stale = dict.fromkeys(catalogue.nodes())  # in the order of the oldest news
        self._fresh = True  # nothing was told yet: the histories of all nodes are due
        self._gone: set[int] = set()
        self._said: deque[Command] = deque()

    def changed(self, node: str, gone: list[int]) -> None:
        """Note that a node was published or withdrawn, which left these pieces without use."""
        self._stale[node] = None
        self._gone.update(self._held.intersection(gone))
        self._held.difference_update(gone)

    def say(self, command: Command) -> None:
        """Tell this too, before any news of nodes."""
        self._said.append(command)

    def take(self, most: int = ENOUGH) -> list[bytes]:
        """Return frames of about ``most`` bytes; none when everything has been told."""
        frames = [COMMANDS.encode(command) for command in self._said]
        self._said.clear()
        if self._gone:
            frames.append(COMMANDS.encode(Drop(tuple(sorted(self._gone)))))
            self._gone.clear()
        frames += self._news(most)
        if self._fresh and not self._stale:
            self._fresh = False
            frames.append(COMMANDS.encode(Listen()))
        return frames

    def _news(self, most: int) -> list[bytes]:
        pieces: list[Piece] = []
        published: list[tuple[str, int]] = []
        withdrawn: list[str] = []
        size = 0
        while self._stale and size < most:
            node = next(iter(self._stale))
            del self._stale[node]
            history = self._catalogue.history(node)
            if not history:
                withdrawn.append(node)
            for number in history if self._fresh else history[-1:]:
                lacking = self._catalogue.lacking(number, self._held)
                pieces += lacking
                published.append((node, number))
                size += sum(map(_size, lacking)) + _ROW
        return _frames(pieces, published, withdrawn)


def _size(piece: Piece) -> int:
    return len(piece.content) if piece.kind is bytes else _ROW + 8 * len(piece.needs)


def _frames(
    pieces: list[Piece], published: list[tuple[str, int]], withdrawn: list[str]
) -> list[bytes]:
    found: dict[type, list[Any]] = {bytes: [], Resource: [], dict: [], Snapshot: []}
    for piece in pieces:
        found[piece.kind].append(piece.content if piece.kind is not bytes else _body(piece))
    commands: list[Command] = found[bytes]
    if len(pieces) > len(commands):
        commands.append(Pieces(tuple(found[Resource]), tuple(found[dict]), tuple(found[Snapshot])))
    commands += [Publish(tuple(published))] if published else []
    commands += [Withdraw(tuple(withdrawn))] if withdrawn else []
    return [COMMANDS.encode(command) for command in commands]


def _body(piece: Piece) -> Body:
    data = piece.content
    return Body(piece.number, data if isinstance(data, bytes) else b"")
