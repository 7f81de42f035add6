import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.asking import TOKEN
from tests.controlling import controlling
from tests.waiting import PATIENCE
from translators.plan.model import Plan
from xds_server.api.app import create_app
from xds_server.api.observing import Wanted, _lines
from xds_server.api.sources import Sources
from xds_server.protocols.reports.entries import Entry, Outcome
from xds_server.protocols.reports.loads import Load, LoadReport
from xds_server.protocols.reports.ring import Ring
from xds_server.southbound.grpc_als import AccessLogs
from xds_server.southbound.grpc_callers import Callers


def entry(outcome: Outcome, source: str, rule: str = "") -> Entry:
    return Entry(1.0, "host1", outcome, source, 4000, "10.96.0.1", 80, rule=rule)


def watched(*entries: Entry) -> Sources:
    ring = Ring()
    ring.take(entries)
    return Sources(logs=AccessLogs(ring, Callers()))


@asynccontextmanager
async def asking(directory: Path, sources: Sources) -> AsyncIterator[httpx.AsyncClient]:
    async with controlling(directory) as (controller, _):
        app: Any = create_app(controller, TOKEN, sources=sources)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=headers
        ) as client:
            yield client


async def test_recent_entries_are_chosen_and_limited(tmp_path: Path) -> None:
    denied = entry(Outcome.DENIED, "10.0.0.2", "shop/no[0]")
    sources = watched(entry(Outcome.FORWARDED, "10.0.0.1"), denied, denied)
    async with asking(tmp_path, sources) as client:

        async def numbers(query: str) -> list[int]:
            answer = await client.get("/v1/observe?" + query)
            assert answer.headers["content-type"] == "application/x-ndjson"
            return [json.loads(line)["number"] for line in answer.text.splitlines()]

        assert await numbers("") == [1, 2, 3]
        assert await numbers("verdict=DENIED") == [2, 3]
        assert await numbers("verdict=DENIED&last=1") == [3]
        assert await numbers("last=0") == []
        assert await numbers("source=10.0.0.1") == [1]
        assert await numbers("service=10.96.0.1:80&rule=shop/no[0]") == [2, 3]
        assert await numbers("service=10.96.0.9") == []
        assert (await client.get("/v1/observe?verdict=PERHAPS")).status_code == 422


async def test_a_follower_gets_what_comes() -> None:
    sources = watched(entry(Outcome.FORWARDED, "10.0.0.1"))
    lines = _lines(Plan, sources, Wanted(follow=True, last=0, verdict=Outcome.DENIED))
    first = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    sources.logs.take([entry(Outcome.FORWARDED, "10.0.0.3"), entry(Outcome.DENIED, "10.0.0.2")])
    found = json.loads(await asyncio.wait_for(first, PATIENCE))
    assert (found["source_address"], found["number"]) == ("10.0.0.2:4000", 3)
    sources.logs.close()
    assert [line async for line in lines] == []


async def test_loads_are_listed_with_their_rate(tmp_path: Path) -> None:
    sources = Sources()
    load = Load(1.0, 10.0, 50, 49, 1, 2, 3)
    sources.loads.take("host1", LoadReport("host1", (("stock", "eu/a", load),)))
    async with asking(tmp_path, sources) as client:
        (row,) = (await client.get("/v1/load")).json()
    assert (row["node"], row["cluster"], row["rate"]) == ("host1", "stock", 5.0)


async def test_metrics_want_the_token_unless_they_are_open(tmp_path: Path) -> None:
    for is_open, expected in ((False, 401), (True, 200)):
        directory = tmp_path / str(is_open)
        directory.mkdir()
        async with asking(directory, Sources(open_metrics=is_open)) as client:
            told = await client.get("/metrics")
            assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
            assert "fsdn_queue_depth 0.0" in told.text
            bare = await client.get("/metrics", headers={"Authorization": ""})
            assert bare.status_code == expected
            assert (await client.get("/v1/load", headers={"Authorization": ""})).status_code == 401
