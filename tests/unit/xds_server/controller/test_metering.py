from pathlib import Path

from tests.controlling import Clock, Sinks, shop
from xds_server.controller.metering import Took, Unmetered
from xds_server.controller.service import Controller
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository


class Kept:
    def __init__(self) -> None:
        self.took: list[Took] = []
        self.seconds: list[float] = []

    def compiled(self, took: Took) -> None:
        self.took.append(took)

    def acknowledged(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_a_controller_tells_its_pace(tmp_path: Path) -> None:
    engine = await open_engine(f"sqlite+aiosqlite:///{tmp_path / 'fsdn.db'}")
    kept, sinks = Kept(), Sinks()
    controller = Controller(
        SqlRepository(engine), sinks, sinks.bridges, sinks.databases, Clock(), kept
    )
    try:
        await controller.start()
        proxy = Device(DeviceKind.PROXY, "host1")
        controller.feed(Connected(proxy, 1.0))
        await controller.apply(shop(), "ann", "")
        (took,) = kept.took
        assert took.plan > 0
        assert took.encode > 0
        assert controller.backlog == 0
        for name, known in controller.state.status.of(proxy).types.items():
            controller.feed(Acked(proxy, name, known.wanted, 2000.0, 1))
        assert len(kept.seconds) == 1
    finally:
        await engine.dispose()


def test_without_a_meter_nothing_is_kept() -> None:
    Unmetered().compiled(Took())
    Unmetered().acknowledged(1.0)
    assert not vars(Unmetered())
