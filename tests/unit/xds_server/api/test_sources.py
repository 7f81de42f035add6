from pathlib import Path

from tests.asking import asking
from xds_server.api.sources import Sources


def test_each_server_has_sources_of_its_own() -> None:
    one, other = Sources(), Sources()
    assert one.logs is not other.logs
    assert one.loads is not other.loads
    assert one.meters is not other.meters


async def test_without_reports_the_api_shows_none(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        assert (await client.get("/v1/load")).json() == []
        assert (await client.get("/v1/observe")).text == ""
