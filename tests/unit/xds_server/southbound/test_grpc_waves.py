import asyncio

import pytest

from tests.waiting import PATIENCE
from xds_server.protocols.xds.effects import Send
from xds_server.southbound.grpc_waves import Waves

LARGE = Send(b"x" * 100_000, "type", "1")


class Transport:
    """Counts what is being written at once; goes on when it is let."""

    def __init__(self) -> None:
        self.now = self.most = self.done = 0
        self.open = asyncio.Event()

    async def write(self, _data: bytes) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.open.wait()
            self.done += 1
        finally:
            self.now -= 1


async def test_large_responses_take_turns() -> None:
    waves, transport = Waves(at_once=3, turn=30), Transport()
    writers = [asyncio.create_task(waves.write(transport, LARGE)) for _ in range(10)]
    await asyncio.sleep(0.01)
    assert transport.now == 3
    transport.open.set()
    await asyncio.gather(*writers)
    assert (transport.most, transport.done) == (3, 10)


async def test_small_ones_wait_for_nobody() -> None:
    waves, stuck, free = Waves(at_once=1, turn=30), Transport(), Transport()
    free.open.set()
    blocked = asyncio.create_task(waves.write(stuck, LARGE))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE):
        await waves.write(free, Send(b"small", "type", "1"))
    blocked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await blocked
    await asyncio.sleep(0.01)
    assert stuck.now == 0, "the write goes on though its stream is gone"


async def test_who_never_reads_gives_up_its_turn() -> None:
    waves, stuck, free = Waves(at_once=1, turn=0.05), Transport(), Transport()
    free.open.set()
    blocked = asyncio.create_task(waves.write(stuck, LARGE))
    async with asyncio.timeout(PATIENCE):
        await waves.write(free, LARGE)
    assert not blocked.done()
    stuck.open.set()
    await blocked
