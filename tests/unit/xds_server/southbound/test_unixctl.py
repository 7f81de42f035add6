"""The control socket: asked over a real Unix socket, with every way in which it may fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from xds_server.protocols.unixctl.calls import UnixctlError
from xds_server.southbound.unixctl import call, vswitchd_socket

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _asked(path: Path, answer: Answer, timeout: float = 10.0) -> str:
    async def scene() -> str:
        async with await asyncio.start_unix_server(answer, path):
            return await call(path, "version", timeout=timeout)

    return asyncio.run(scene())


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = json.loads(await reader.read(1000))
    text = json.dumps({"id": request["id"], "result": request["method"] + "\n", "error": None})
    writer.write(text.encode())
    await writer.drain()
    writer.close()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1000)
    writer.close()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def test_a_command_is_answered(tmp_path: Path) -> None:
    assert _asked(tmp_path / "x.ctl", _echo) == "version"


def test_a_daemon_that_hangs_up_or_is_silent_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnixctlError, match="closed its control socket"):
        _asked(tmp_path / "x.ctl", _hang_up)
    with pytest.raises(UnixctlError, match=r"not answered within 0\.05 s"):
        _asked(tmp_path / "y.ctl", _say_nothing, timeout=0.05)


def test_an_absent_daemon_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnixctlError, match="cannot speak with"):
        asyncio.run(call(tmp_path / "gone.ctl", "version"))


def test_the_socket_is_found_by_the_pid_file(tmp_path: Path) -> None:
    with pytest.raises(UnixctlError, match="no ovs-vswitchd runs"):
        vswitchd_socket(tmp_path)
    (tmp_path / "ovs-vswitchd.pid").write_text("4711\n")
    assert vswitchd_socket(tmp_path) == tmp_path / "ovs-vswitchd.4711.ctl"
