from pathlib import Path

from tests.controlling import controlling
from xds_server.reporting import reporting
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings


def test_before_anything_is_attached_nothing_is_shown() -> None:
    found = reporting(ServerSettings(), lambda: 1.0)
    assert list(found.streams()) == []
    assert b"fsdn_revision 0.0" in found.sources.meters.page()
    assert not found.sources.open_metrics


async def test_what_is_attached_is_read(tmp_path: Path) -> None:
    found = reporting(ServerSettings(metrics_open=True), lambda: 1.0)
    server = AdsServer(AdsSettings(port=0), lambda _: None, services=found.services)
    async with controlling(tmp_path) as (controller, _):
        await controller.apply([], "ann", "")
        found.attach(server, controller)
        assert b"fsdn_xds_streams 0.0" in found.sources.meters.page()
        assert list(found.streams()) == []
    assert found.sources.open_metrics
    assert len({type(service) for service in found.services}) == len(found.services)
