import asyncio
import sys

import pytest

from tests.waiting import PATIENCE, eventually
from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import Drain, Start
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.news import Failed, Listening, News
from xds_server.southbound import worker_process
from xds_server.southbound.worker_process import WorkerProcess, environment


async def ran(heard: list[News], port: int = 0) -> tuple[WorkerProcess, asyncio.Task[str]]:
    worker = WorkerProcess(Feed(Catalogue()), heard.append)
    worker.say(Start("127.0.0.1", port, 0.0, "", "", ""))
    return worker, asyncio.create_task(worker.run())


async def said(heard: list[News], kind: type[News]) -> None:
    await eventually(lambda: any(isinstance(one, kind) for one in heard))


async def test_it_listens_and_ends_when_told() -> None:
    heard: list[News] = []
    worker, running = await ran(heard)
    await said(heard, Listening)
    worker.say(Drain(0.0))
    assert await asyncio.wait_for(running, PATIENCE) == "it ended"


async def test_it_ends_when_its_pipe_does() -> None:
    heard: list[News] = []
    _, running = await ran(heard)
    await said(heard, Listening)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, PATIENCE)


async def test_where_it_cannot_listen_it_says_why() -> None:
    heard: list[News] = []
    worker = WorkerProcess(Feed(Catalogue()), heard.append)
    worker.say(Start("192.0.2.1", 1, 0.0, "", "", ""))
    assert await asyncio.wait_for(worker.run(), PATIENCE) == "it ended"
    [failed] = heard
    assert isinstance(failed, Failed)
    assert "cannot listen on 192.0.2.1:1" in failed.why


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os.write(0, b'x' * 100)", "it does not speak as it should: a frame of"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9"),
    ],
)
async def test_whatever_it_does_is_one_sentence(
    program: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "ARGUMENTS", ("-c", program))
    worker = WorkerProcess(Feed(Catalogue()), lambda news: None)
    assert why in await asyncio.wait_for(worker.run(), PATIENCE)


async def test_a_worker_that_takes_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "ARGUMENTS", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(worker_process, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(worker_process, "END_SECONDS", 0.2)
    worker = WorkerProcess(Feed(Catalogue()), lambda news: None)
    worker.say(Start("h", 1, 0.0, "x" * 10_000_000, "", ""))
    assert "took nothing for 0.2 s, killed" in await asyncio.wait_for(worker.run(), PATIENCE)


async def test_a_python_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    worker = WorkerProcess(Feed(Catalogue()), lambda news: None)
    assert "cannot be started" in await worker.run()


def test_it_is_given_nothing_that_it_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSDN_DATABASE", "postgresql://user:secret@host/db")
    monkeypatch.setenv("GRPC_VERBOSITY", "info")
    found = environment()
    assert "secret" not in str(found)
    assert found["GRPC_VERBOSITY"] == "info"
    assert not any(name.startswith("FSDN_") for name in found)
