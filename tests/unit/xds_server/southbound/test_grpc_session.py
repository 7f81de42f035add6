import asyncio

import grpc
import pytest

from tests.conversations.xds.responses import listener, sotw_request
from tests.waiting import PATIENCE, eventually
from xds_server.protocols.xds.ads import Dialect, XdsStream
from xds_server.protocols.xds.effects import Close
from xds_server.protocols.xds.fleet import Fleet, Peer
from xds_server.protocols.xds.resource_types import LISTENER
from xds_server.snapshots.evidence import Disconnected, Evidence, Warned
from xds_server.snapshots.model import snapshot_of
from xds_server.southbound.grpc_session import Session
from xds_server.southbound.grpc_terms import Gate, Terms


class Line:
    """The two queues that a gRPC context is to a session."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[object] = asyncio.Queue()
        self.responses: asyncio.Queue[bytes] = asyncio.Queue()
        self.broken: Exception | None = None

    async def read(self) -> object:
        return await self.requests.get()

    async def write(self, data: bytes) -> None:
        if self.broken is not None:
            raise self.broken
        await self.responses.put(data)


class Setting:
    def __init__(self, terms: Terms | None = None) -> None:
        self.now = 100.0
        self.line = Line()
        self.evidence: list[Evidence] = []
        self.fleet = Fleet()
        self.fleet.publish("web-1", snapshot_of([listener("a")]), self.now)
        stream = XdsStream(Dialect.SOTW)
        self.session = Session(
            stream,
            Peer(),
            self.fleet,
            self.evidence.append,
            lambda: self.now,
            gate=Gate(terms or Terms(), self.now),
        )

    def start(self) -> asyncio.Task[Close]:
        return asyncio.create_task(self.session.run(self.line))


async def test_the_client_leaves() -> None:
    it = Setting()
    running = it.start()
    await it.line.requests.put(sotw_request(LISTENER))
    assert await asyncio.wait_for(it.line.responses.get(), PATIENCE)
    await it.line.requests.put(grpc.aio.EOF)
    assert await asyncio.wait_for(running, PATIENCE) == Close("OK", "")
    assert it.evidence[-1] == Disconnected(it.session.stream.device, 100.0, "the stream ended")


async def test_an_overdue_answer_is_noticed_without_traffic() -> None:
    it = Setting()
    running = it.start()
    await it.line.requests.put(sotw_request(LISTENER))
    await asyncio.wait_for(it.line.responses.get(), PATIENCE)
    it.now += 60  # the timer of the grace period finds the offer overdue
    it.session.perform([])
    await eventually(lambda: any(isinstance(e, Warned) for e in it.evidence))
    it.session.end(Close("UNAVAILABLE", "draining"))
    assert (await running).status == "UNAVAILABLE"


async def test_silence_is_not_waited_for() -> None:
    close = await asyncio.wait_for(Setting(Terms(hello=0.05)).start(), PATIENCE)
    assert close.status == "DEADLINE_EXCEEDED"


async def test_a_broken_writer_ends_the_session_and_is_not_hidden() -> None:
    it = Setting()
    it.line.broken = ConnectionResetError("gone")
    running = it.start()
    await it.line.requests.put(sotw_request(LISTENER))
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(running, PATIENCE)
    assert isinstance(it.evidence[-1], Disconnected)


async def test_cancelling_leaves_nothing_behind() -> None:
    it = Setting()
    running = it.start()
    await it.line.requests.put(sotw_request(LISTENER))
    await asyncio.wait_for(it.line.responses.get(), PATIENCE)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert it.fleet.connected() == ()


async def test_a_stream_is_ended_while_its_client_is_silent() -> None:
    it = Setting()
    running = it.start()
    await it.line.requests.put(sotw_request(LISTENER))
    assert await asyncio.wait_for(it.line.responses.get(), PATIENCE)
    close = Close("RESOURCE_EXHAUSTED", "too many")
    it.session.perform([close])
    assert await asyncio.wait_for(running, PATIENCE) == close
    assert isinstance(it.evidence[-1], Disconnected)
