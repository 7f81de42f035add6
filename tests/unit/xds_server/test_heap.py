import subprocess
import sys

import pytest

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
