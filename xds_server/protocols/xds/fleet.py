"""All streams of all nodes: who is known, who is connected, and what each should run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from xds_server.protocols.xds.ads import Request, XdsStream
from xds_server.protocols.xds.effects import Close, Effect
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.protocols.xds.resource_types import SECRET
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.wire import Node, scan_node
from xds_server.snapshots.evidence import (
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Warned,
)
from xds_server.snapshots.model import Snapshot

_AS_MEANT = (1, 39, 1)  # the first Envoy that reads paths and headers as policies mean them
SHARED_ID = "xds/node id"  # topic of the warning that clients share a node id
_EARLIER = 2  # snapshots of a node that are remembered for clients that reconnect


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection; ``nodes`` it may speak for, None where nothing proves it.

    ``private``: it is known, and nobody else hears what it is told, so that secrets may be sent.
    """

    address: str = ""
    nodes: frozenset[str] | None = None
    private: bool = False


def _ignored(_node: str, _streams: int) -> None:
    """Let nobody know."""


class Fleet:
    """Every client, by node id. One call an event; perform what it returns, stream by stream."""

    def __init__(self, counted: Callable[[str, int], None] | None = None) -> None:
        self._counted = counted or _ignored  # told of every change
        self._allowed: dict[str, int] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._earlier: dict[str, tuple[Snapshot, ...]] = {}
        self._streams: dict[str, tuple[tuple[XdsStream, Peer], ...]] = {}  # nearly always of one
        self._doubled: set[str] = set()  # node ids that several clients are using
        self._unknown: set[str] = set()  # nodes that connected before anything was set for them
        self._shared = Shared()
        self._without: set[str] = set()  # nodes that were warned of: they get no secrets

    def receive(self, stream: XdsStream, peer: Peer, data: bytes, now: float) -> list[Effect]:
        """Take one message of a client; a malformed or forbidden one ends the stream."""
        try:
            request = stream.decode(data, self._shared)
            effects = self._admit(stream, peer, request, now) if stream.node is None else []
        except MalformedError as error:
            return [Close("INVALID_ARGUMENT", f"not a discovery request: {error}")]
        if stream.node is None:
            return effects
        return effects + stream.receive(request, now) + self._withheld(stream, peer, now)

    def _withheld(self, stream: XdsStream, peer: Peer, now: float) -> list[Effect]:
        """Say, once a node, that secrets of its are asked for where none may be sent."""
        if not stream.asks_for(SECRET):
            return []
        known = self._snapshots.get(stream.device.name)
        if known is None or not known.of(SECRET):
            return []
        name, topic = stream.device.name, "secrets"
        if peer.private == (name in self._without):
            self._without ^= {name}
            text = (
                f"{name} asks for secrets without a client certificate and gets none: give the "
                "server --tls-ca, or let the proxy use the socket of --xds-socket"
            )
            return [Warned(stream.device, now, "" if peer.private else text, topic)]
        return []

    def _admit(self, stream: XdsStream, peer: Peer, request: Request, now: float) -> list[Effect]:
        if len(request.node or b"") > stream.limits.node:
            text = f"the node is over {stream.limits.node} bytes: shorten its metadata"
            return [Close("RESOURCE_EXHAUSTED", text)]
        node = scan_node(request.node) if request.node is not None else Node("")
        if not node.id:
            text = "the first request names no node: set node.id in the client's bootstrap"
            return [Close("INVALID_ARGUMENT", text)]
        if peer.nodes is not None and node.id not in peer.nodes:
            text = f"node {node.id!r} is not what its certificate says: issue one for this node id"
            return [Close("PERMISSION_DENIED", text)]
        most = self._allowed.get(node.id, stream.limits.streams)
        if len(self._streams.get(node.id, ())) >= most:
            text = f"{node.id!r} has {stream.limits.streams} streams: node ids must be unique"
            return [Close("RESOURCE_EXHAUSTED", text)]
        stream.identify(node, now, self._shared)
        known = self._snapshots.get(node.id)
        first = node.id not in self._streams
        streams = self._streams[node.id] = (*self._streams.get(node.id, ()), (stream, peer))
        self._counted(node.id, len(streams))
        effects: list[Effect] = [self._connected(stream, peer, now)] if first else []
        effects += self._double(stream.device, now)
        if known is None:
            self._unknown.add(node.id)
        else:
            for snapshot in (*self._earlier.get(node.id, ()), known):
                effects += stream.publish(_for(peer, snapshot), now)
        return effects

    def _connected(self, stream: XdsStream, peer: Peer, now: float) -> Connected:
        node = stream.node or Node("")
        unknown = node.id not in self._snapshots
        parts = [f"{node.agent} {node.agent_version}".strip(), stream.dialect.value, peer.address]
        parts += ["reads some headers otherwise than policies: use 1.39.1"] if _is_old(node) else []
        parts += ["unknown node: nothing is published for it"] if unknown else []
        identity = min(peer.nodes or (), key=lambda name: ("://" not in name, name), default="")
        detail = ", ".join(part for part in parts if part)
        return Connected(stream.device, now, detail, identity)

    def leave(self, stream: XdsStream, now: float, reason: str = "") -> list[Evidence]:
        """Forget a stream; its device is gone with its last one."""
        node = stream.node
        known = self._streams.get(node.id, ()) if node is not None else ()
        streams = tuple([one for one in known if one[0] is not stream])
        if node is None or len(streams) == len(known):
            return []
        self._counted(node.id, len(streams))
        if streams:
            self._streams[node.id] = streams
            return [*self._double(stream.device, now)]
        del self._streams[node.id]
        self._unknown.discard(node.id)
        return [Disconnected(stream.device, now, reason)]

    def _double(self, device: Device, now: float) -> list[Warned]:
        """Say that clients share a node id, or that they no longer do."""
        streams = self._streams[device.name]
        peers = [peer.address or "?" for stream, peer in streams if stream.aggregated]
        if (len(peers) > 1) == (device.name in self._doubled):
            return []
        self._doubled ^= {device.name}
        text = (
            f"{len(peers)} clients call themselves {device.name} ({', '.join(peers)}) and are "
            "served the same: give each proxy a node id of its own"
        )
        return [Warned(device, now, text if len(peers) > 1 else "", SHARED_ID)]

    def publish(
        self, node: str, snapshot: Snapshot, now: float
    ) -> list[tuple[XdsStream, list[Effect]]]:
        """Set what a node should run, and say so to each of its streams."""
        self.set(node, snapshot)
        return self.tell(node, now)

    def set(self, node: str, snapshot: Snapshot) -> bool:
        """Set what a node should run, and return whether there is a stream to ``tell``.

        After a restart with other content, set the old content first: see ``Limits.earlier``.
        """
        before = self._snapshots.get(node)
        streams = self._streams.get(node)
        if before is not None and before.versions != snapshot.versions:
            kept = (*self._earlier.get(node, ()), before)
            self._earlier[node] = kept[-_EARLIER:]
        self._snapshots[node] = snapshot
        return bool(streams)

    def tell(self, node: str, now: float) -> list[tuple[XdsStream, list[Effect]]]:
        """Say to each stream of a node what it should run."""
        snapshot = self._snapshots.get(node)
        if snapshot is None:
            return []
        result = []
        for stream, peer in self._streams.get(node, ()):
            effects: list[Effect] = []
            if node in self._unknown:  # once a node, not once a stream
                self._unknown.discard(node)
                effects = [self._connected(stream, peer, now)]
            result.append((stream, effects + stream.publish(_for(peer, snapshot), now)))
        return result

    def withdraw(self, node: str) -> None:
        """Forget what a node should run; it keeps what it has, and new streams are told nothing."""
        self._snapshots.pop(node, None)
        self._earlier.pop(node, None)
        if node in self._streams:
            self._unknown.add(node)

    def allow(self, node: str, most: int | None) -> list[XdsStream]:
        """Hold no more streams of a node here (None: than the limit); return those to end.

        For a server that shares its nodes with others, which hold the rest.
        """
        self._allowed.pop(node, None)
        if most is None:
            return []
        self._allowed[node] = most
        return [stream for stream, _ in self._streams.get(node, ())[most:]]

    def snapshot(self, node: str) -> Snapshot | None:
        """Return what a node should run, or None if it is unknown."""
        return self._snapshots.get(node)

    def streams(self) -> tuple[XdsStream, ...]:
        """Return every stream whose client said who it is, by node."""
        return tuple(stream for _, found in sorted(self._streams.items()) for stream, _ in found)

    def connected(self) -> tuple[Device, ...]:
        """Return the devices that have at least one stream, in order."""
        return tuple(Device(DeviceKind.PROXY, node) for node in sorted(self._streams))


def _is_old(node: Node) -> bool:
    """Whether this is an Envoy that compares the lines of a repeated header as one."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", node.agent_version)
    return (
        node.agent == "envoy" and found is not None and tuple(map(int, found.groups())) < _AS_MEANT
    )


def _for(peer: Peer, snapshot: Snapshot) -> Snapshot:
    """Return what may be sent over a connection: secrets are left out before they are looked up."""
    return snapshot if peer.private else snapshot.with_type(SECRET, None)
