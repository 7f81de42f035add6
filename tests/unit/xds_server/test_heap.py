import asyncio
import subprocess
import sys

import pytest

from tests.waiting import PATIENCE
from xds_server import heap

PROGRAM = """
import ctypes, sys, threading
from xds_server.heap import share_heap
if sys.argv[1] == "shared":
    assert share_heap()
held = []
ready = threading.Barrier(4)
def hold():
    ready.wait()
    held.append(bytearray(4000))
    ready.wait()
threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.parametrize(("how", "one"), [("shared", True), ("as it is", False)])
def test_threads_share_a_heap_once_told(how: str, one: bool) -> None:
    argv = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert (done.stdout.count("<heap nr=") == 1) is one


HOLES = """
import asyncio, contextlib, sys
from xds_server import heap
heap._PAUSE = 0.05
heap._AT_REST = float(sys.argv[1])
async def main():
    freed = heap.Freed()
    giving = asyncio.create_task(freed.give_back())
    await asyncio.sleep(0)
    kept, burst = [], []
    for _ in range(5_000):  # 100 MB that lie between what is kept
        burst.append(bytearray(20_000))
        kept.append(bytearray(600))
    burst.clear()
    full = freed._resident()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(float(sys.argv[2])):
            while full - freed._resident() < 40_000_000:
                await asyncio.sleep(0.01)
    print(full - freed._resident())
    giving.cancel()
asyncio.run(main())
"""


@pytest.mark.parametrize(("rest", "patience", "given"), [("10", "30", True), ("-1", "0.5", False)])
def test_at_rest_what_lies_free_is_given_back(rest: str, patience: str, given: bool) -> None:
    argv = [sys.executable, "-c", HOLES, rest, patience]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert (int(done.stdout) >= 40_000_000) is given


async def test_where_nothing_can_be_given_back_nothing_is_done(monkeypatch) -> None:
    monkeypatch.setattr(heap, "_STATM", heap.Path("/nonexistent"))
    async with asyncio.timeout(PATIENCE):
        await heap.Freed().give_back()
