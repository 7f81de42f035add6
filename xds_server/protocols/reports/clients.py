"""What every connected client holds, type by type, as client status discovery asks for it.

Messages and field numbers: envoy/service/status/v3/csds.proto and envoy/admin/v3/config_dump.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from xds_server.protocols.reports.fields import Fields
from xds_server.protocols.xds.ads import XdsStream
from xds_server.protocols.xds.protobuf import (
    MalformedError,
    message,
    put,
    put_number,
    put_text,
    scan,
)
from xds_server.protocols.xds.resource_types import SECRET
from xds_server.protocols.xds.watch import Watch
from xds_server.protocols.xds.wire import Node
from xds_server.snapshots.model import Resource, Snapshot


class Holding(IntEnum):
    """The state of a resource at a client; numbers of envoy.admin.v3.ClientResourceStatus."""

    REQUESTED = 1
    ABSENT = 2  # DOES_NOT_EXIST
    ACKED = 3
    NACKED = 4


class Currency(IntEnum):
    """Whether that is what the client should hold; numbers of status.v3.ConfigStatus."""

    SYNCED = 1
    NOT_SENT = 2
    STALE = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class Held:
    """One resource at one client; ``version`` is what it holds, ``wanted`` what it should."""

    type_url: str
    name: str
    holding: Holding
    currency: Currency
    version: str = ""
    wanted: Resource | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose status is asked for: a node matches if any of the matchers does; all without one."""

    matchers: tuple[Fields, ...] = ()
    contents: bool = True

    def covers(self, node: str) -> bool:
        """Whether a node id matches."""
        return not self.matchers or any(_matches(one, node) for one in self.matchers)


def scan_asked(data: bytes) -> Asked:
    """Return the ClientStatusRequest in these bytes.

    Raises MalformedError if there is none, and for matchers that we do not evaluate: of node
    metadata, which is not kept, and of regular expressions, which could cost any amount of time.
    """
    found = Fields(data)
    asked = Asked(found.messages(1), not found.number(3))
    for matcher in asked.matchers:
        text = matcher.message(1)
        if 2 in matcher:
            raise MalformedError("node_metadatas cannot be matched here, match node_id")
        if not any(kind in text for kind in _TESTS):
            raise MalformedError("match node_id by exact, prefix, suffix or contains")
    return asked


_TESTS: dict[int, Callable[[str, str], bool]] = {
    1: str.__eq__,
    2: str.startswith,
    3: str.endswith,
    7: str.__contains__,
}  # by the field number of type.matcher.v3.StringMatcher


def _matches(matcher: Fields, node: str) -> bool:
    text = matcher.message(1)
    fold: Callable[[str], str] = str.lower if text.number(6) else str
    return all(test(fold(node), fold(text.text(k))) for k, test in _TESTS.items() if k in text)


def holdings(stream: XdsStream) -> Iterator[Held]:
    """Yield what a stream's client holds and should hold, by type and name."""
    for watch in stream.watches:
        yield from _of_type(watch, stream.snapshot)


def _of_type(watch: Watch, snapshot: Snapshot | None) -> Iterator[Held]:
    served = snapshot.of(watch.type_url) if snapshot is not None else {}
    covered = {name for name in served if watch.subscription.covers(name)}
    named = watch.subscription.names | watch.known.keys()
    for name in sorted(covered | (named - watch.subscription.globs)):
        yield _one(watch, name, served.get(name))


def _one(watch: Watch, name: str, wanted: Resource | None) -> Held:
    version = watch.known.get(name) or ""
    kind = watch.type_url
    if version == (wanted.version if wanted is not None else ""):
        holding = Holding.ABSENT if wanted is None else Holding.ACKED
        return Held(kind, name, holding, Currency.SYNCED, version, wanted)
    item = (name, wanted.version if wanted is not None else None)
    if item in watch.quarantine:
        error = watch.quarantine.why(item).reason
        return Held(kind, name, Holding.NACKED, Currency.ERROR, version, wanted, error)
    holding = Holding.ACKED if version else Holding.REQUESTED
    sent = watch.offer is not None and name in watch.offer.content
    late = Currency.STALE if sent or version else Currency.NOT_SENT
    return Held(kind, name, holding, late, version, wanted)


def encode_status(streams: Iterable[XdsStream], asked: Asked) -> bytes:
    """Return the ClientStatusResponse about these streams; secrets are named, never shown."""
    nodes: dict[str, tuple[Node, list[Held]]] = {}
    for stream in streams:
        if stream.node is not None and asked.covers(stream.node.id):
            nodes.setdefault(stream.node.id, (stream.node, []))[1].extend(holdings(stream))
    return b"".join(
        put(1, put(1, _node(node)) + b"".join(put(3, _config(one, asked)) for one in held))
        for _, (node, held) in sorted(nodes.items())
    )


def merged_status(responses: Iterable[bytes]) -> bytes:
    """Return one ClientStatusResponse for several, in each of which a node stands once at most.

    Messages of one node are written one after the other, which protobuf reads as their union.
    """
    found: dict[str, bytes] = {}
    for response in responses:
        for key, value in scan(response):
            client = message(value) if key == 1 else b""
            node = Fields(client).message(1).text(1)
            found[node] = found.get(node, b"") + client
    return b"".join(put(1, found[node]) for node in sorted(found))


def _node(node: Node) -> bytes:
    parts = (1, node.id), (2, node.cluster), (6, node.agent), (7, node.agent_version)
    return b"".join(put_text(number, text) for number, text in parts)


def _config(held: Held, asked: Asked) -> bytes:
    body = b""
    wanted = held.wanted
    shown = asked.contents and held.type_url != SECRET and wanted is not None
    packed = put_text(1, held.type_url) + put(2, wanted.body) if shown and wanted else b""
    if packed and wanted is not None and wanted.version == held.version:
        body = put(4, packed)
    parts = [put_text(1, held.type_url), put_text(2, held.name), put_text(3, held.version), body]
    parts += [put_number(6, held.currency), put_number(7, held.holding)]
    if held.holding is Holding.NACKED:
        failed = put(1, packed) if packed else b""
        version = put_text(4, wanted.version) if wanted is not None else b""
        parts.append(put(8, failed + put_text(3, held.error) + version))
    return b"".join(parts)
