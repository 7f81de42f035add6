"""Secrets beside snapshots: each goes to its exact owner, and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from xds_server.protocols.xds.resource_types import SECRET
from xds_server.snapshots.model import Resource, Snapshot

Owned = Mapping[str, Resource]  # secrets of one node, by name


class Publisher(Protocol):
    """Where snapshots go."""

    def publish(self, node: str, snapshot: Snapshot) -> None:
        """Let the proxy of this node id have this snapshot from now on."""

    def withdraw(self, node: str) -> None:
        """Tell the proxy nothing more; it keeps what it has."""


class SecretKeeper:
    """Publishes each node's snapshot with the node's own secrets in it.

    A snapshot's own secrets are left out: only who is named as an owner gets any. A node that has
    secrets and no snapshot is told of its secrets alone.
    """

    def __init__(self, proxies: Publisher) -> None:
        self._proxies = proxies
        self._snapshots: dict[str, Snapshot] = {}
        self._secrets: dict[str, Owned] = {}  # of a node whose last one is revoked: none

    def publish(self, node: str, snapshot: Snapshot) -> None:
        """Let the proxy of this node id have this snapshot, and its secrets, from now on."""
        self._snapshots[node] = snapshot
        self._tell(node)

    def withdraw(self, node: str) -> None:
        """Tell the proxy of nothing but its secrets any more; it keeps what it has."""
        self._snapshots.pop(node, None)
        self._tell(node)

    def set_secrets(self, secrets: Mapping[str, Owned]) -> None:
        """Replace all secrets, by owner; owners whose secrets differ are told at once."""
        for node in sorted(self._secrets.keys() | secrets.keys()):
            owned = secrets.get(node, {})
            if self._secrets.get(node) != owned:
                self._secrets[node] = dict(sorted(owned.items()))
                self._tell(node)

    def secrets(self, node: str) -> Owned:
        """Return the secrets of a node."""
        return self._secrets.get(node, {})

    def _tell(self, node: str) -> None:
        snapshot, secrets = self._snapshots.get(node), self._secrets.get(node)
        if snapshot is not None:
            self._proxies.publish(node, snapshot.with_type(SECRET, secrets))
        elif secrets is not None:
            alone = Snapshot({SECRET: secrets}, only=frozenset({SECRET}))
            self._proxies.publish(node, alone)
        else:
            self._proxies.withdraw(node)
