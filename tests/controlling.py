"""A controller on a real database, with sinks that remember what was published."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.serving import SHOP
from xds_server.controller.service import Controller
from xds_server.controller.values import SourceFile
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Deviation
from xds_server.protocols.openflow.orders import Order
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.snapshots.model import BridgeProgram, Snapshot
from xds_server.snapshots.queues import Queues
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository


class Sinks:
    """Stands for the three listeners: remembers the last word to each device, in order too."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.programs: dict[int, BridgeProgram] = {}
        self.hosts: Mapping[int, str] = {}
        self.withdrawn: list[str] = []
        self.counters: dict[int, Counters] = {}
        self.requeued: list[int] = []
        self.resynced: list[tuple[int, bool]] = []
        self.deviations: dict[int, tuple[Deviation, ...]] = {}
        self.tunnels: Mapping[str, str] = {}
        self.queues: Mapping[str, Queues] = {}
        self.described: tuple[Bridge, ...] = ()
        self.orders: list[tuple[int, tuple[Order, ...]]] = []
        self.bridges = _Bridges(self)
        self.databases = _Databases(self)

    def publish(self, node: str, snapshot: Snapshot) -> None:
        self.snapshots[node] = snapshot

    def withdraw(self, node: str) -> None:
        self.withdrawn.append(node)


class _Bridges:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def set_hosts(self, hosts: Mapping[int, str]) -> None:
        self._sinks.hosts = dict(hosts)

    def publish(self, datapath_id: int, program: BridgeProgram) -> None:
        self._sinks.programs[datapath_id] = program

    def order(self, datapath_id: int, orders: Sequence[Order]) -> bool:
        self._sinks.orders.append((datapath_id, tuple(orders)))
        return datapath_id in self._sinks.hosts

    async def counters(self, datapath_id: int) -> Counters | None:
        return self._sinks.counters.get(datapath_id)

    def resync(self, datapath_id: int, sweep: bool = False) -> None:
        self._sinks.resynced.append((datapath_id, sweep))

    async def drift(self, datapath_id: int) -> tuple[Deviation, ...] | None:
        return self._sinks.deviations.get(datapath_id)


class _Databases:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    def set_hosts(
        self,
        hosts: Mapping[int, str],
        tunnels: Mapping[str, str],
        queues: Mapping[str, Queues],
    ) -> None:
        self._sinks.tunnels = dict(tunnels)
        self._sinks.queues = queues

    def bridges(self) -> tuple[Bridge, ...]:
        return self._sinks.described

    async def requeue(self, datapath_id: int) -> None:
        self._sinks.requeued.append(datapath_id)


class Clock:
    """Time that moves by a second, or another ``step``, whenever it is read."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.step = 1.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@asynccontextmanager
async def controlling(
    directory: Path, sinks: Sinks | None = None
) -> AsyncIterator[tuple[Controller, Sinks]]:
    """Open, and start, a controller on the database in a directory."""
    engine = await open_engine(f"sqlite+aiosqlite:///{directory / 'fsdn.db'}")
    used = sinks or Sinks()
    controller = Controller(SqlRepository(engine), used, used.bridges, used.databases, Clock())
    try:
        await controller.start()
        yield controller, used
    finally:
        await engine.dispose()


def shop() -> list[SourceFile]:
    """Return the files of the shop example."""
    return [SourceFile(path.name, path.read_text()) for path in sorted(SHOP.glob("*.yaml"))]


def policies(old: str = "", new: str = "") -> list[SourceFile]:
    """Return the shop's policies, with one text replaced by another."""
    text = (SHOP / "policies.yaml").read_text()
    return [SourceFile("policies.yaml", text.replace(old, new) if old else text)]
