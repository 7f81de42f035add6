"""Sessions are listed by the hosts that answer, and killed one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.asking import asking, files
from tests.controlling import Sinks
from xds_server.controller.service import Controller
from xds_server.protocols.openflow.orders import CtFlush, ShortFlow


@asynccontextmanager
async def _scene(
    tmp_path: Path,
) -> AsyncIterator[tuple[httpx.AsyncClient, Controller, Sinks, list[dict[str, Any]]]]:
    """The shop, whose host1 has an agent that answers with ``rows``."""
    rows: list[dict[str, Any]] = []
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})

        async def agent() -> None:
            while True:
                told = await client.get("/v1/hosts/host1/question?wait=1")
                if told.status_code == 200:
                    body = {"number": told.json()["number"], "rows": rows}
                    await client.post("/v1/hosts/host1/answer", json=body)

        await client.get("/v1/hosts/host1/question")
        running = asyncio.create_task(agent())
        rows += [_row(controller, 41000), _row(controller, 41001)]
        try:
            yield client, controller, sinks, rows
        finally:
            running.cancel()


def _row(controller: Controller, port: int) -> dict[str, Any]:
    plan = controller.state.plan
    client = next(e for e in plan.endpoints if e.name == "shop/web")
    service = plan.service["shop/stock"]
    server = plan.endpoint[service.endpoints[0]]
    rule = next(r for r in plan.rules if service.name in r.services)
    label = service.ports[0].target << 64 | service.ports[0].number << 32 | rule.number
    return {
        "protocol": 6,
        "source": str(client.addresses[0]),
        "source_port": port,
        "destination": str(service.vips[0]),
        "destination_port": service.ports[0].port,
        "server": str(server.addresses[0]),
        "server_port": service.ports[0].target,
        "zone": plan.segment[client.segment].number,
        "mark": 4,
        "label": f"{label:x}",
        "state": "ESTABLISHED",
        "age": 5.0,
    }


async def test_sessions_have_the_plans_names(tmp_path: Path) -> None:
    async with _scene(tmp_path) as (client, _, _, _):
        told = (await client.get("/v1/sessions")).json()
        assert len(told["sessions"]) == 2
        one = told["sessions"][0]
        assert (one["source"], one["service"], one["host"]) == ("shop/web", "shop/stock", "host1")
        assert one["origin"].startswith("policies.yaml:")
        assert "has no agent" in told["missing"]["host2"]
        few = (await client.get("/v1/sessions?host=host1&service=stock&limit=1")).json()
        assert (len(few["sessions"]), few["left_off"], few["missing"]) == (1, 1, {})
        assert (await client.get("/v1/sessions?workload=spy")).json()["sessions"] == []
        assert (await client.get("/v1/sessions?host=host9")).status_code == 404


async def test_one_session_is_killed_and_only_that(tmp_path: Path) -> None:
    async with _scene(tmp_path) as (client, controller, sinks, _):
        first, second = (await client.get("/v1/sessions?host=host1")).json()["sessions"]
        done = await client.post(f"/v1/sessions/{first['id']}/kill")
        assert (done.status_code, done.json()["id"]) == (200, first["id"])
        ((datapath, orders),) = sinks.orders
        assert datapath == controller.state.plan.host["host1"].datapath_id
        assert [type(order) for order in orders] == [ShortFlow, ShortFlow, CtFlush]
        flush = orders[-1]
        assert isinstance(flush, CtFlush)
        port = int(first["source_address"].rpartition(":")[2])
        assert flush.connection.source_port == port
        await asyncio.gather(*(client.post(f"/v1/sessions/{second['id']}/kill") for _ in range(2)))
        assert len(controller.cuts.killed) == 3


async def test_what_cannot_be_killed_says_why(tmp_path: Path) -> None:
    async with _scene(tmp_path) as (client, _, sinks, rows):
        (first, *_) = (await client.get("/v1/sessions?host=host1")).json()["sessions"]
        gone = await client.post("/v1/sessions/host1-00000000/kill")
        assert (gone.status_code, "may have ended" in gone.text) == (404, True)
        nobody = await client.post("/v1/sessions/host2-00000000/kill")
        assert (nobody.status_code, "has no agent" in nobody.text) == (503, True)
        strange = await client.post("/v1/sessions/elsewhere/kill")
        assert strange.status_code == 404
        sinks.hosts = {}
        away = await client.post(f"/v1/sessions/{first['id']}/kill")
        assert (away.status_code, "not connected" in away.text) == (409, True)
        rows[:] = [{**rows[0], "protocol": 1}]
        (ping,) = (await client.get("/v1/sessions?host=host1")).json()["sessions"]
        assert (await client.post(f"/v1/sessions/{ping['id']}/kill")).status_code == 400
