from pathlib import Path

from tests.asking import asking
from tests.unit.xds_server.protocols.reports.test_health import BAD, A, B, specifier
from xds_server.api.sources import Sources
from xds_server.protocols.reports.health import Assignment


async def test_endpoints_are_listed_with_who_says_what_since_when(tmp_path: Path) -> None:
    sources = Sources()
    async with asking(tmp_path, sources=sources) as (client, _, _sinks):
        assert (await client.get("/v1/health")).json() == []
        sources.health.assign({"web-1": Assignment(specifier(A, B))})
        sources.health.take("web-1", {A: BAD}, 7.0)
        sources.health.take("web-1", {A: BAD}, 9.0)
        first, second = (await client.get("/v1/health")).json()
    said = {"node": "web-1", "health": "UNHEALTHY", "since": 7.0, "heard": 9.0}
    assert first == {
        "cluster": "shop",
        "endpoint": "10.0.0.1:80",
        "health": "UNHEALTHY",
        "since": 7.0,
        "checkers": [said],
    }
    assert (second["health"], second["since"], second["checkers"]) == ("UNKNOWN", 0.0, [])
