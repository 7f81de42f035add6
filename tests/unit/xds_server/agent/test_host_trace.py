"""The agent hands a described packet to its vswitch's trace, and never lets one be sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from xds_server.agent import host_trace
from xds_server.agent.host_trace import traced
from xds_server.protocols.unixctl.calls import UnixctlError

ASKED = {"bridge": "br-int", "flow": "in_port=1,ip", "states": ["new,trk", "est,trk"]}


def _traced(directory: Path, asked: dict[str, Any]) -> tuple[str, list[Any]]:
    (directory / "ovs-vswitchd.pid").write_text("1\n")
    heard: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(json.loads(await reader.read(10_000)))
        answer = {"id": heard[-1]["id"], "result": "Datapath actions: drop", "error": None}
        writer.write(json.dumps(answer).encode())
        await writer.drain()
        writer.close()

    async def scene() -> str:
        async with await asyncio.start_unix_server(serve, directory / "ovs-vswitchd.1.ctl"):
            return await traced(directory, asked)

    return asyncio.run(scene()), heard


def test_every_pass_through_tracking_is_told_what_it_finds(tmp_path: Path) -> None:
    text, (asked,) = _traced(tmp_path, ASKED)
    assert text == "Datapath actions: drop"
    assert asked["method"] == "ofproto/trace"
    told = ["--ct-next", "new,trk", "--ct-next", "est,trk"]
    assert asked["params"] == ["br-int", "in_port=1,ip", *told]


@pytest.mark.parametrize(
    "wrong", [{"bridge": "-generate"}, {"flow": "-generate"}, {"flow": ""}, {"states": ["--x"]}]
)
def test_no_word_is_taken_as_an_option(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UnixctlError, match="begin with no '-'"):
        _traced(tmp_path, ASKED | wrong)


def test_an_endless_trace_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_trace, "LARGEST", 10)
    with pytest.raises(UnixctlError, match="has 22 characters, more than 10"):
        _traced(tmp_path, ASKED)


def test_a_host_without_a_vswitch_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnixctlError, match="no ovs-vswitchd runs"):
        asyncio.run(traced(tmp_path, ASKED))
