"""What the controller needs from the world, as protocols that adapters fulfil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from xds_server.controller.values import (
    Allocated,
    ObjectChange,
    ProgressRow,
    Revision,
    StatusRow,
    StoredObject,
)
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Deviation
from xds_server.protocols.openflow.orders import Order
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.snapshots.model import BridgeProgram, Snapshot
from xds_server.snapshots.queues import Queues


class Repository(Protocol):
    """Revisions and objects, each change in one transaction.

    Every method raises StoreError while the database cannot do what is asked.
    """

    async def head(self) -> int:
        """Return the number of the last revision, 0 before the first."""

    async def objects(self, revision: int) -> tuple[StoredObject, ...]:
        """Return all objects as this revision left them, sorted by key."""

    async def allocations(self, revision: int) -> Allocated:
        """Return the numbers given out up to this revision; empty for revision 0."""

    async def commit(
        self,
        parent: int,
        author: str,
        message: str,
        at: float,
        changes: Sequence[ObjectChange],
        allocations: Allocated | None,
    ) -> Revision:
        """Store the successor of ``parent`` whole; raise ConflictError if it has one already.

        ``allocations`` of None are those of the parent.
        """

    async def revision(self, number: int) -> Revision:
        """Return one revision; raise NotFoundError if there is none of this number."""

    async def revisions(self, limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions, newest first."""

    async def acknowledged(self, number: int, seconds: float) -> None:
        """Note, once, how long it took until every connected device ran the revision."""

    async def save_status(self, rows: Sequence[StatusRow]) -> None:
        """Replace the last known state of these devices and types."""

    async def save_progress(self, rows: Sequence[ProgressRow]) -> None:
        """Replace how far these revisions came on these devices."""

    async def load_progress(self, revision: int) -> tuple[ProgressRow, ...]:
        """Return how far a revision came on each device, sorted by device."""

    async def load_status(self) -> tuple[StatusRow, ...]:
        """Return the last known state of every device and type, sorted."""


class Proxies(Protocol):
    """The xDS side."""

    def publish(self, node: str, snapshot: Snapshot) -> None:
        """Let the proxy of this node id have this snapshot from now on."""

    def withdraw(self, node: str) -> None:
        """Tell a proxy that is no longer declared nothing more; it keeps what it has."""


class Bridges(Protocol):
    """The OpenFlow side."""

    def set_hosts(self, hosts: Mapping[int, str]) -> None:
        """Say which datapath ids are declared, and by which host's name."""

    def publish(self, datapath_id: int, program: BridgeProgram) -> None:
        """Let the bridge hold exactly this program of ours from now on."""

    def order(self, datapath_id: int, orders: Sequence[Order]) -> bool:
        """Tell a bridge what is no part of its program; return whether it is connected."""

    async def counters(self, datapath_id: int) -> Counters | None:
        """Return what a bridge counted; None when it is not connected.

        Raises TimeoutError when a connected bridge does not answer.
        """

    def resync(self, datapath_id: int, sweep: bool = False) -> None:
        """Mend what differs on a connected bridge; ``sweep``: also remove what others wrote."""

    async def drift(self, datapath_id: int) -> tuple[Deviation, ...] | None:
        """Return how a bridge differs from its program; None if it is away or has none yet.

        Raises TimeoutError when a connected bridge does not answer.
        """


class Databases(Protocol):
    """The OVSDB side."""

    def set_hosts(
        self,
        hosts: Mapping[int, str],
        tunnels: Mapping[str, str],
        queues: Mapping[str, Queues],
    ) -> None:
        """Say which datapath ids are declared, by which host's name, and each host's tunnel.

        ``queues`` are those of the ports of each host's bridge.
        """

    def bridges(self) -> tuple[Bridge, ...]:
        """Return every bridge that a database describes, also those that nobody declared."""

    async def requeue(self, datapath_id: int) -> None:
        """Put a bridge's queues right at once, also where others have taken their place."""
