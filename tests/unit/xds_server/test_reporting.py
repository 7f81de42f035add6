from pathlib import Path

from tests.controlling import controlling
from tests.unit.xds_server.protocols.reports.test_health import BAD, A, specifier
from xds_server.protocols.reports.health import Assignment
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


async def test_what_checkers_find_reaches_the_controller_and_the_metrics(tmp_path: Path) -> None:
    found = reporting(ServerSettings(), lambda: 1.0)
    server = AdsServer(AdsSettings(port=0), lambda _: None, services=found.services)
    async with controlling(tmp_path) as (controller, _):
        found.attach(server, controller)
        found.reports.health.assign({"web-1": Assignment(specifier(A))})
        found.reports.health.take("web-1", {A: BAD}, 1.0)
        assert controller.state.unhealthy == {A}
        assert b"fsdn_endpoints_unhealthy 1.0" in found.sources.meters.page()
        found.reports.health.assign({})
        assert controller.state.unhealthy == frozenset()
    assert found.sources.health is found.reports.health
