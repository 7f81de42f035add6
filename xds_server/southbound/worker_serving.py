"""A worker's end of the pipe: performs what the controller says, and tells what clients say."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress

from xds_server.protocols.workers.checks import ToldChecks
from xds_server.protocols.workers.commands import (
    COMMANDS,
    Allow,
    Answers,
    Assign,
    Body,
    Command,
    Drain,
    Drop,
    Listen,
    Pieces,
    Publish,
    Query,
    Start,
    Withdraw,
)
from xds_server.protocols.workers.framing import FROM_CONTROLLER, FROM_WORKER, Frames
from xds_server.protocols.workers.news import Answer, Ask, Failed, Listening
from xds_server.protocols.workers.outbox import Outbox
from xds_server.protocols.workers.shelf import Shelf
from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_ads import AdsServer, ListenError
from xds_server.southbound.grpc_csds import ClientStatus, Nodes

PATIENCE_SECONDS = 10.0  # for an answer about clients elsewhere
GRACE_SECONDS = 2.0  # to end in when a signal asks for it
_CHUNK = 256 * 1024


class WorkerEnd:
    """Serves one controller until it says so or is gone.

    ``assemble`` makes the server, and the service that is asked about clients here; before it,
    ``confine`` gives up what serving does not need, and returns why if it cannot.
    """

    def __init__(
        self,
        assemble: Callable[[Start, WorkerEnd], tuple[AdsServer, ClientStatus]],
        confine: Callable[[int], str],
    ) -> None:
        self._news = asyncio.Event()
        self.outbox = Outbox(self._news.set)
        self.checks = ToldChecks(self.outbox)
        self._assemble = assemble
        self._confine = confine
        self._unconfined = ""
        self._shelf = Shelf()
        self._server: AdsServer | None = None
        self._status: ClientStatus | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Answers]] = {}
        self._ending = asyncio.Event()

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Work until the pipe is closed or ``end`` was called; FrameError if it is garbled."""
        reading = asyncio.create_task(self._read(reader))
        writing = asyncio.create_task(self._write(writer))
        ending = asyncio.create_task(self._ending.wait())
        jobs = (reading, writing, ending)
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await self._stop(0.0)
            await self._hang_up(writer)

    async def end(self, grace: float = GRACE_SECONDS) -> None:
        """Send clients elsewhere, tell the controller, and let ``run`` return."""
        await self._stop(grace)
        while self._news.is_set():
            await asyncio.sleep(0.01)  # the writer takes what is left
        self._ending.set()

    async def elsewhere(self, request: bytes, nodes: Nodes) -> Sequence[bytes]:
        """Return what the clients of other workers hold; TimeoutError if that cannot be told."""
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        names = None if nodes is None else tuple(sorted(nodes))
        self.outbox.say(Ask(number, names, request))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._asked[number]
        except TimeoutError as error:
            raise TimeoutError("the controller does not answer now, ask again later") from error
        finally:
            del self._asked[number]
        if found.error:
            raise TimeoutError(found.error)
        return [found.response]

    async def _stop(self, grace: float) -> None:
        if self._server is not None:
            await self._server.stop(grace)

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Say what is left to say; a controller that is gone or stuck does not hold us up."""
        writer.write(self.outbox.take())
        writer.close()
        with suppress(OSError):  # a TimeoutError is one too
            async with asyncio.timeout(GRACE_SECONDS):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        frames = Frames(FROM_CONTROLLER)
        while data := await reader.read(_CHUNK):
            for frame in frames.feed(data):
                await self._perform(COMMANDS.decode(frame))

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._news.wait()
            writer.write(self.outbox.take())
            self._news.clear()
            await writer.drain()

    async def _perform(self, command: Command) -> None:
        match command:
            case Start():
                self._unconfined = self._confine(command.port)
                self._server, self._status = self._assemble(command, self)
            case Body():
                self._shelf.body(command)
            case Pieces():
                self._shelf.pieces(command)
            case Drop():
                self._shelf.drop(command)
            case Assign():
                self.checks.told(command)
            case Drain(grace=grace):
                await self.end(grace)
            case Query():
                self.outbox.say(self._answer(command))
            case Answers(number=number):
                waiting = self._asked.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(command)
            case _:
                await self._serve(command)

    async def _serve(self, command: Command) -> None:
        if self._server is None:
            raise RuntimeError(f"{type(command).__name__} before Start")
        match command:
            case Publish():
                for node, snapshot in self._shelf.published(command):
                    self._server.publish(node, snapshot)
            case Withdraw(nodes=nodes):
                for node in nodes:
                    self._server.withdraw(node)
            case Allow(node=node, streams=streams):
                self._server.allow(node, streams)
            case Listen():
                await self._listen(self._server)

    async def _listen(self, server: AdsServer) -> None:
        try:
            self.outbox.say(Listening(await server.start(), self._unconfined))
        except ListenError as error:
            self.outbox.say(Failed(str(error)))
            await self.end(0.0)

    def _answer(self, query: Query) -> Answer:
        if self._status is None:
            return Answer(query.number, "", b"")
        try:
            nodes = None if query.nodes is None else frozenset(query.nodes)
            found = self._status.here(query.request, nodes)
        except MalformedError as error:
            return Answer(query.number, str(error), b"")
        if len(found) > FROM_WORKER // 2:
            text = f"{len(found)} bytes of status, too many: ask for some nodes, or no contents"
            return Answer(query.number, text, b"")
        return Answer(query.number, "", found)
