import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from tests.conversations.xds.responses import listener
from tests.unit.xds_server.southbound.grpc_client import Client
from tests.waiting import PATIENCE
from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import COMMANDS, Allow, Answers, Command, Query, Start
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_WORKER, FrameError, Frames, packed
from xds_server.protocols.workers.news import NEWS, Answer, Ask, Heard, Listening, News
from xds_server.protocols.xds.resource_types import LISTENER
from xds_server.snapshots.evidence import Acked, Connected
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound import worker_serving
from xds_server.southbound.grpc_csds import SERVICE
from xds_server.southbound.worker_serving import WorkerEnd
from xds_server.worker import assemble

START = Start("127.0.0.1", 0, 0.0, "", "", "")


class Controller:
    """The other end of the pipe, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self._reader = reader
        self._frames = Frames(FROM_WORKER)
        self._news: list[News] = []

    def say(self, command: Command) -> None:
        self.writer.write(COMMANDS.encode(command))

    async def hear(self, kind: type[News]) -> News:
        async with asyncio.timeout(PATIENCE):
            while True:
                for index, one in enumerate(self._news):
                    if isinstance(one, kind):
                        return self._news.pop(index)
                data = await self._reader.read(65536)
                assert data, "the worker hung up"
                self._news += [NEWS.decode(frame) for frame in self._frames.feed(data)]


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Controller, WorkerEnd, asyncio.Task[None]]]:
    ours, theirs = socket.socketpair()
    end = WorkerEnd(assemble, lambda port: f"not here {port}")
    running = asyncio.create_task(end.run(*await asyncio.open_connection(sock=theirs)))
    controller = Controller(*await asyncio.open_connection(sock=ours))
    try:
        yield controller, end, running
    finally:
        controller.writer.close()
        await asyncio.gather(running, return_exceptions=True)


async def test_content_first_then_clients_then_what_they_say() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", snapshot_of([listener("a")]))
    feed = Feed(catalogue)
    feed.say(START)
    async with served() as (controller, _, _):
        controller.writer.writelines(feed.take())
        listening = await controller.hear(Listening)
        assert isinstance(listening, Listening)
        assert listening.unconfined == "not here 0"
        async with grpc.aio.insecure_channel(f"127.0.0.1:{listening.port}") as channel:
            client = Client(channel)
            await client.ask(LISTENER)
            heard = await client.hear()
            await client.ask(LISTENER, nonce=heard.nonce, version=heard.version)
            first = await controller.hear(Heard)
            assert isinstance(first, Heard)
            assert isinstance(first.evidence[0], Connected)
            assert first.streams == (("web-1", 1),)
            last = await controller.hear(Heard)
            assert isinstance(last, Heard)
            assert isinstance(last.evidence[-1], Acked)
            controller.say(Allow("web-1", 0))
            assert (await client.ended())[0] == "RESOURCE_EXHAUSTED"


async def test_questions_go_both_ways() -> None:
    async with served() as (controller, _, _):
        controller.say(START)
        controller.writer.writelines(Feed(Catalogue()).take())
        listening = await controller.hear(Listening)
        assert isinstance(listening, Listening)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{listening.port}") as channel:
            fetch = channel.unary_unary(f"/{SERVICE}/FetchClientStatus")(b"")
            ask = await controller.hear(Ask)
            assert isinstance(ask, Ask)
            assert (ask.nodes, ask.request) == (None, b"")
            controller.say(Answers(ask.number, "", b""))
            assert await fetch == b""
            fetch = channel.unary_unary(f"/{SERVICE}/FetchClientStatus")(b"")
            ask = await controller.hear(Ask)
            assert isinstance(ask, Ask)
            controller.say(Answers(ask.number, "too much", b""))
            with pytest.raises(grpc.aio.AioRpcError, match="too much"):
                await fetch
        controller.say(Query(5, None, b""))
        assert await controller.hear(Answer) == Answer(5, "", b"")
        controller.say(Query(6, ("web-1",), b"\xff"))
        answer = await controller.hear(Answer)
        assert isinstance(answer, Answer)
        assert answer.error


async def test_a_controller_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_serving, "PATIENCE_SECONDS", 0.05)
    async with served() as (_, end, _):
        with pytest.raises(TimeoutError, match="does not answer now"):
            await end.elsewhere(b"", None)


async def test_it_ends_with_the_pipe() -> None:
    async with served() as (controller, _, running):
        controller.writer.close()
        await asyncio.wait_for(running, PATIENCE)


async def test_garble_ends_it_loudly() -> None:
    async with served() as (controller, _, running):
        controller.writer.write(packed(["Unheard"]))
        with pytest.raises(FrameError):
            await asyncio.wait_for(running, PATIENCE)


async def test_orders_before_the_start_are_a_bug() -> None:
    async with served() as (controller, _, running):
        controller.say(Allow("web-1", 0))
        with pytest.raises(RuntimeError, match="before Start"):
            await asyncio.wait_for(running, PATIENCE)
