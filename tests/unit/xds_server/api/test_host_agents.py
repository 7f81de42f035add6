"""A host's agent is asked by long poll; what it answers is checked before it is believed."""

import asyncio
from pathlib import Path

import pytest

from tests.asking import asking, files
from xds_server.controller.host_agents import Sessions, Trace

ROW = {
    "protocol": 6,
    "source": "10.10.0.11",
    "source_port": 41000,
    "destination": "10.10.0.200",
    "destination_port": 80,
    "server": "10.10.0.21",
    "server_port": 8080,
    "zone": 1,
    "mark": 4,
    "label": "1f",
}


async def test_a_question_is_there_once(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        idle = await client.get("/v1/hosts/host1/question")
        assert (idle.status_code, idle.content) == (204, b"")
        asked = asyncio.create_task(controller.host_agents.ask("host1", Sessions((1, 2))))
        told = (await client.get("/v1/hosts/host1/question?wait=5")).json()
        assert (told["ask"], told["zones"]) == ("sessions", [1, 2])
        body = {"number": told["number"], "rows": [ROW], "left_off": 3}
        done = await client.post("/v1/hosts/host1/answer", json=body)
        assert done.status_code == 204
        answer = await asked
    (seen,) = answer.seen
    assert (seen.connection.reply.source_port, seen.connection.label) == (8080, 31)
    assert (seen.age, answer.left_off) == (None, 3)


async def test_a_packet_to_trace_is_a_question_too(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        await client.get("/v1/hosts/host1/question")
        what = Trace("br-int", "in_port=1,ip", ("new,trk",))
        asked = asyncio.create_task(controller.host_agents.ask("host1", what))
        told = (await client.get("/v1/hosts/host1/question?wait=5")).json()
        assert told["ask"] == "trace"
        assert (told["bridge"], told["flow"]) == ("br-int", "in_port=1,ip")
        assert told["states"] == ["new,trk"]
        body = {"number": told["number"], "text": "Datapath actions: drop"}
        assert (await client.post("/v1/hosts/host1/answer", json=body)).status_code == 204
        assert (await asked).text == "Datapath actions: drop"


async def test_an_unknown_host_is_not_asked(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        for answer in (
            await client.get("/v1/hosts/host9/question"),
            await client.post("/v1/hosts/host9/answer", json={"number": 1}),
        ):
            assert answer.status_code == 404
            assert "no host host9" in answer.json()["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "nonsense"},
        {"source": "x"},
        {"mark": -1},
        {"zone": 65536},
        {"age": -1},
        {"extra": 1},
        {"bytes": -1},
    ],
)
async def test_a_malformed_answer_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        body = {"number": 1, "rows": [{**ROW, **wrong}]}
        assert (await client.post("/v1/hosts/host1/answer", json=body)).status_code == 422
