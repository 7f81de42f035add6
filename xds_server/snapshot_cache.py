"""The library's cache: what each client should have, by the name of its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from betterproto2 import Message

from translators.envoy.encode import encode, type_url
from xds_server.protocols.xds.resource_types import SECRET
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

NodeHash = Callable[[str], str]  # a client's node id to the name of its snapshot
Listener = Callable[[str], None]  # told the name of what changed


class SnapshotCache:
    """Snapshots by name: a client gets the one that ``node_hash`` names for its node id.

    Without ``node_hash`` every node id has a snapshot of its own; ``lambda node: "all"`` shares
    one. Use a cache on the event loop that serves it.
    """

    def __init__(self, node_hash: NodeHash | None = None) -> None:
        self.node_hash: NodeHash = node_hash or (lambda node: node)
        self._shared = node_hash is not None
        self._snapshots: dict[str, Snapshot] = {}
        self._told: dict[str, tuple[str, Snapshot]] = {}  # the last version given by the caller
        self._secrets: dict[str, dict[str, Resource]] = {}  # by owner; revoked ones leave {}
        self._listeners: list[Listener] = []
        self._owners: list[Listener] = []

    def set_snapshot(
        self, name: str, resources: Iterable[Message | Resource], version: str | None = None
    ) -> Snapshot:
        """Replace everything that the clients of a snapshot should have, and tell them at once.

        Versions are hashes of the content unless ``version`` is given, which then is the
        state-of-the-world version of every type in the snapshot (delta clients compare the
        resources themselves). Raises ValueError if another content had this version before, for
        clients would keep that, for a message that is no named resource, and for a Secret where
        ``node_hash`` may give it to several nodes.
        """
        found = snapshot_of(_resource(one) for one in resources)
        if self._shared and (secrets := found.of(SECRET)):
            raise ValueError(
                f"the snapshot {name!r} may be of several nodes and holds the secret "
                f"{min(secrets)!r}: give it to its owner by set_secrets(node_id, [secret])"
            )
        if version is not None:
            found = self._versioned(name, found, version)
        self._snapshots[name] = found
        self._tell(name)
        return found

    def get(self, name: str) -> Snapshot | None:
        """Return a snapshot, or None if there is none of this name."""
        return self._snapshots.get(name)

    def clear(self, name: str) -> None:
        """Forget a snapshot: its clients keep what they have, and are told nothing more."""
        if self._snapshots.pop(name, None) is not None:
            self._tell(name)

    def set_secrets(self, owner: str, secrets: Iterable[Message | Resource]) -> None:
        """Replace the secrets of one node id, an empty list revokes them; it is told at once.

        They are sent to no other node whatever ``node_hash`` says, and only over mutual TLS or
        the Unix socket. They win over secrets of the same name in the node's snapshot. Raises
        ValueError for what is no Secret.
        """
        found = snapshot_of(_resource(one) for one in secrets)
        if other := found.resources.keys() - {SECRET}:
            raise ValueError(f"{min(other)} is no Secret: give it to set_snapshot")
        self._secrets[owner] = dict(found.of(SECRET))
        for listener in list(self._owners):
            listener(owner)

    def with_secrets(self, node: str, snapshot: Snapshot | None) -> Snapshot | None:
        """Return a node's snapshot with its own secrets in it; None if it has neither."""
        owned = self._secrets.get(node)
        if owned is None:
            return snapshot
        if snapshot is None:
            return Snapshot({SECRET: owned}, only=frozenset({SECRET}))
        return snapshot.with_type(SECRET, dict(sorted({**snapshot.of(SECRET), **owned}.items())))

    def watch(self, snapshot: Listener, secrets: Listener | None = None) -> Callable[[], None]:
        """Call ``snapshot`` with the name of each that changes and ``secrets`` with each owner.

        This ends when the function returned here is called.
        """
        self._listeners.append(snapshot)
        if secrets is not None:
            self._owners.append(secrets)
        return lambda: self._leave(snapshot, secrets)

    def _leave(self, snapshot: Listener, secrets: Listener | None) -> None:
        self._listeners.remove(snapshot)
        if secrets is not None:
            self._owners.remove(secrets)

    def _tell(self, name: str) -> None:
        for listener in list(self._listeners):
            listener(name)

    def _versioned(self, name: str, found: Snapshot, version: str) -> Snapshot:
        last, content = self._told.get(name, ("", found))
        if last == version and content.digests != found.digests:
            raise ValueError(f"version {version!r} of {name!r} had another content, give a new one")
        self._told[name] = (version, found)
        return Snapshot(found.resources, dict.fromkeys(found.resources, version))


def _resource(given: Message | Resource) -> Resource:
    if isinstance(given, Resource):
        return given
    name = getattr(given, "name", None) or getattr(given, "cluster_name", None)
    if not isinstance(name, str):
        kind = type(given).__name__
        raise ValueError(f"a {kind} without a name is no resource, set its name")
    return Resource(type_url(type(given)), name, encode(given))
