"""The agent reads its vswitch's connections, dates them, and answers what it is asked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.xds_server.protocols.unixctl.test_conntrack import COUNTED, NAT
from xds_server.agent import host_sessions
from xds_server.agent.client import ServerAwayError
from xds_server.agent.host_sessions import Teller, Tracked
from xds_server.api.host_agents import AnswerBody


class Vswitch:
    """Answers dpctl/dump-conntrack with what it was given, on the socket of a run directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.text = NAT
        (directory / "ovs-vswitchd.pid").write_text("1\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = json.loads(await reader.read(1000))
        assert asked["method"] == "dpctl/dump-conntrack"
        answer = {"id": asked["id"], "result": self.text, "error": None}
        writer.write(json.dumps(answer).encode())
        await writer.drain()
        writer.close()

    @property
    def socket(self) -> Path:
        return self.directory / "ovs-vswitchd.1.ctl"


class Client:
    """A server that asks once and then is away."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = [{"number": 3, "ask": "sessions", "zones": [1]}]
        self.answered: list[dict[str, Any]] = []

    async def question(self, host: str, wait: float) -> dict[str, Any] | None:
        assert (host, wait) == ("host1", host_sessions.POLL)
        if not self.asked:
            raise ServerAwayError("gone")
        return self.asked.pop()

    async def answer(self, host: str, body: dict[str, Any]) -> None:
        assert host == "host1"
        self.answered.append(body)


def test_ages_count_from_the_first_look_that_found_it(tmp_path: Path) -> None:
    vswitch, now = Vswitch(tmp_path), 100.0

    async def scene() -> None:
        nonlocal now
        tracked = Tracked(tmp_path, lambda: now)
        async with await asyncio.start_unix_server(vswitch.serve, vswitch.socket):
            (old,) = (await tracked.look()).connections
            vswitch.text = f"{NAT}\n{COUNTED}"
            now = 105.0
            _, young = (await tracked.look()).connections
            now = 112.0
            assert tracked.age(old) is None
            assert tracked.age(young) == 7.0
            vswitch.text = NAT
            await tracked.look()
            vswitch.text = f"{NAT}\n{COUNTED}"
            await tracked.look()
            assert tracked.age(young) == 0.0  # another one between the same ends

    asyncio.run(scene())


def test_a_question_is_answered_as_the_server_reads_it(tmp_path: Path) -> None:
    vswitch, client = Vswitch(tmp_path), Client()
    vswitch.text = f"{NAT}\n{COUNTED}\nnonsense"

    async def scene() -> None:
        teller = Teller("host1", client, Tracked(tmp_path))  # type: ignore[arg-type]
        async with await asyncio.start_unix_server(vswitch.serve, vswitch.socket):
            running = asyncio.create_task(teller.run())
            while not client.answered:
                await asyncio.sleep(0.01)
            running.cancel()

    asyncio.run(scene())
    (told,) = client.answered
    body = AnswerBody.model_validate(told)
    assert (body.number, body.unread, body.left_off) == (3, 1, 0)
    assert [str(row.server) for row in body.rows] == ["10.10.0.31"]  # the other is of zone 7


def test_too_many_are_left_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_sessions, "MOST", 1)
    vswitch = Vswitch(tmp_path)
    vswitch.text = f"{NAT}\n{NAT.replace('41004', '41005')}"

    async def scene() -> dict[str, Any]:
        teller = Teller("host1", Client(), Tracked(tmp_path))  # type: ignore[arg-type]
        async with await asyncio.start_unix_server(vswitch.serve, vswitch.socket):
            return await teller.answer({"number": 1, "ask": "sessions", "zones": [1]})

    told = asyncio.run(scene())
    assert (len(told["rows"]), told["left_off"]) == (1, 1)


def test_a_vswitch_that_is_gone_is_the_answer(tmp_path: Path) -> None:
    teller = Teller("host1", Client(), Tracked(tmp_path))  # type: ignore[arg-type]
    told = asyncio.run(teller.answer({"number": 5, "ask": "sessions", "zones": [1]}))
    assert told["number"] == 5
    assert "no ovs-vswitchd runs" in told["error"]


def test_a_question_of_a_newer_server_is_answered_with_what_to_do(tmp_path: Path) -> None:
    teller = Teller("host1", Client(), Tracked(tmp_path))  # type: ignore[arg-type]
    told = asyncio.run(teller.answer({"number": 6, "ask": "weather"}))
    assert told == {"number": 6, "error": "it does not know how to tell 'weather', update it"}
