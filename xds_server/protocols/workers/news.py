"""What a worker tells the controller: what clients said, what proxies reported, and questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.health import Checked, Health
from xds_server.protocols.reports.loads import Load
from xds_server.protocols.workers.framing import FrameError
from xds_server.protocols.workers.shapes import (
    Codec,
    each,
    every,
    flag,
    maybe,
    real,
    row,
    text,
    whole,
)
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
    Warned,
)


@dataclass(frozen=True, slots=True)
class Listening:
    """The worker takes clients at this port; ``unconfined``: why it could not give up rights."""

    port: int
    unconfined: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot listen, and ends."""

    why: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Evidence in the order in which it came about, as rows, and streams by node."""

    evidence: tuple[Any, ...]
    streams: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Logged:
    """Access log entries, as rows, and how many had to be dropped before them."""

    entries: tuple[Any, ...]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A node's load report, as rows; None: the node has gone, its rates hold no longer."""

    node: str
    rows: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Measured:
    """So many more metric families were streamed, by node."""

    families: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a node found of the endpoints that it checks for others, as rows, and when it said so.

    None: it left then and is to be forgotten, unless it was heard of since. ``settled``: whether
    its bad words count already.
    """

    node: str
    at: float
    settled: bool
    rows: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Ask:
    """What do the clients elsewhere hold, of these nodes (None: of all)?"""

    number: int
    nodes: tuple[str, ...] | None
    request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the clients here hold, or why that cannot be told."""

    number: int
    error: str
    response: bytes = field(repr=False)


News = Listening | Failed | Heard | Logged | Loaded | Measured | Found | Ask | Answer

_JSON: Mapping[str, type] = {"str": str, "int": int, "float": float}
# Fields as the evidence declares them: the device by name in front, then the others in order.
_KINDS: Mapping[str, tuple[type, tuple[type, ...]]] = {
    kind.__name__.lower(): (kind, tuple(_JSON[str(one.type)] for one in fields(kind)[1:]))
    for kind in (Connected, Disconnected, Offered, Acked, Nacked, Warned)
}


def _reader(kind: type) -> Any:
    return attrgetter("device.name", *(one.name for one in fields(kind)[1:]))


_ROWS = {kind: (name, _reader(kind)) for name, (kind, _) in _KINDS.items()}


def evidence_row(evidence: Evidence) -> tuple[Any, ...]:
    """Return evidence about a proxy as a row of JSON values."""
    name, read = _ROWS[type(evidence)]
    return (name, *read(evidence))


def evidence_of(found: Any) -> Evidence:
    """Return the evidence in a row; raise FrameError if there is none."""
    if type(found) is not list or len(found) < 2 or type(found[0]) is not str:
        raise FrameError("evidence that is no row")
    name, node, *rest = found
    kind, types = _KINDS.get(name, (None, ()))
    if kind is None or type(node) is not str or tuple(map(type, rest)) != types:
        raise FrameError("evidence of an unknown form")
    made: Evidence = kind(Device(DeviceKind.PROXY, node), *rest)
    return made


_ENTRY_TYPES: Mapping[str, Any] = {"str": text, "int": whole, "float": real, "Outcome": text}
_ENTRY = row(*(_ENTRY_TYPES[str(one.type)] for one in fields(Entry)))
_ENTRY_READ = attrgetter(*(one.name for one in fields(Entry)))
_LOAD = row(real, real, whole, whole, whole, whole, whole)
_CHECKED = row(text, text, whole, whole)
_LOAD_READ = attrgetter(*(one.name for one in fields(Load)))


def entry_row(entry: Entry) -> tuple[Any, ...]:
    """Return an access log entry as a row of JSON values."""
    found: tuple[Any, ...] = _ENTRY_READ(entry)
    return found


def _entry(found: Any) -> Entry:
    at, node, outcome, *rest = _ENTRY(found)
    if outcome not in Outcome.__members__:
        raise FrameError("an entry with an unknown outcome")
    return Entry(at, node, Outcome(outcome), *rest)


def load_row(cluster: str, locality: str, load: Load) -> tuple[Any, ...]:
    """Return a row of a load report as a row of JSON values."""
    return (cluster, locality, _LOAD_READ(load))


def _load(found: Any) -> tuple[str, str, Load]:
    cluster, locality, load = row(text, text, _LOAD)(found)
    return cluster, locality, Load(*load)


def checked_row(checked: Checked, health: Health) -> tuple[Any, ...]:
    """Return what is said of an endpoint as a row of JSON values."""
    return (checked.cluster, checked.address, checked.port, int(health))


def _checked(found: Any) -> tuple[Checked, Health]:
    *endpoint, health = _CHECKED(found)
    if health not in list(Health):
        raise FrameError("an endpoint of unknown health")
    return Checked(*endpoint), Health(health)


NEWS: Codec[News] = Codec(
    {
        Listening: (whole, text),
        Failed: (text,),
        Heard: (every(evidence_of), every(row(text, whole))),
        Logged: (every(_entry), whole),
        Loaded: (text, maybe(every(_load))),
        Measured: (every(row(text, whole)),),
        Found: (text, real, flag, maybe(every(_checked))),
        Ask: (whole, maybe(each(str))),
        Answer: (whole, text),
    }
)
