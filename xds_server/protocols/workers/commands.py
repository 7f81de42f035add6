"""What the controller tells a worker: content piece by piece, who gets it, and when to end.

Pieces (bodies, resources, the resources of a type, snapshots) have numbers, which are never used
again, and name others by them. Each is sent once to a worker, before the first that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xds_server.protocols.workers.shapes import (
    Codec,
    each,
    every,
    flag,
    maybe,
    numbers,
    real,
    row,
    text,
    whole,
)

# type URL, name, version, origin, aliases, time to live, on demand, number of its body
ResourceRow = tuple[int, str, str, str, str, tuple[str, ...], float, bool, int]
# type URL, digest, version that is shown, numbers of resources
TypeRow = tuple[int, str, str, str, tuple[int, ...]]
# numbers of types, URLs of the types that it speaks of alone
SnapshotRow = tuple[int, tuple[int, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Start:
    """Be ready to listen here. TLS is in PEM, empty for none; ``offset``: clock minus monotonic."""

    host: str
    port: int
    offset: float
    certificate: str
    key: str = field(repr=False)
    client_ca: str
    numbers: Mapping[str, Any] = field(default_factory=dict)  # limits, by the names of settings


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of resources."""

    number: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Everything else of snapshots; what stands earlier is needed by what stands later."""

    resources: tuple[ResourceRow, ...]
    types: tuple[TypeRow, ...]
    snapshots: tuple[SnapshotRow, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """Let each node have the snapshot of this number from now on."""

    nodes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Let these nodes have nothing new; they keep what they have."""

    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget pieces: nothing that comes later names them."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """Take clients: everything that they may need has been said."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Hold at most so many streams of a node, "" for all: the others are held elsewhere."""

    node: str
    streams: int


@dataclass(frozen=True, slots=True)
class Assign:
    """Let these nodes check endpoints for all others, and no others: replaces what was said before.

    A row is a node ("" for all that are not named), the seconds until its word counts, and how
    many of the bytes are its HealthCheckSpecifier.
    """

    nodes: tuple[tuple[str, float, int], ...]
    specifiers: bytes = field(repr=False)  # one after the other


@dataclass(frozen=True, slots=True)
class Query:
    """Say what the clients here hold, of these nodes (None: of all)."""

    number: int
    nodes: tuple[str, ...] | None
    request: bytes = field(repr=False)  # a ClientStatusRequest


@dataclass(frozen=True, slots=True)
class Answers:
    """What the clients elsewhere hold, or why that cannot be told."""

    number: int
    error: str
    response: bytes = field(repr=False)  # a ClientStatusResponse


@dataclass(frozen=True, slots=True)
class Drain:
    """Send clients elsewhere, and end within so many seconds."""

    grace: float


Command = (
    Start
    | Body
    | Pieces
    | Publish
    | Withdraw
    | Drop
    | Listen
    | Allow
    | Assign
    | Query
    | Answers
    | Drain
)

_RESOURCE = row(whole, text, text, text, text, each(str), real, flag, whole)
COMMANDS: Codec[Command] = Codec(
    {
        Start: (text, whole, real, text, text, text, numbers),
        Body: (whole,),
        Pieces: (
            every(_RESOURCE),
            every(row(whole, text, text, text, each(int))),
            every(row(whole, each(int), each(str))),
        ),
        Publish: (every(row(text, whole)),),
        Withdraw: (each(str),),
        Drop: (each(int),),
        Listen: (),
        Allow: (text, whole),
        Assign: (every(row(text, real, whole)),),
        Query: (whole, maybe(each(str))),
        Answers: (whole, text),
        Drain: (real,),
    }
)
