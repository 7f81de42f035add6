import os
import subprocess
import sys

import grpc
import pytest

from xds_server import polling

SERVER = """
import asyncio, sys
from pathlib import Path
from xds_server.polling import poll_in_one_thread
if sys.argv[1] == "one":
    assert poll_in_one_thread()
import grpc

def switches():
    found = 0
    for task in Path("/proc/self/task").iterdir():
        if (task / "comm").read_text().startswith("event_engine"):
            lines = (task / "status").read_text().splitlines()
            found += int(next(one for one in lines if one.startswith("voluntary")).split()[1])
    return found

class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        async def echo(requests, context):
            async for request in requests:
                yield request
        return grpc.stream_stream_rpc_method_handler(echo)

async def main():
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await asyncio.to_thread(sys.stdin.readline)
    print(switches(), flush=True)
    await server.stop(0)

asyncio.run(main())
"""
MESSAGES = 500


def environment(**more: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "GRPC_EXPERIMENTS"} | more


def served(how: str) -> tuple[int, str]:
    """Return how often the threads of gRPC's pool waited, and what the server said."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, how],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            answers = channel.stream_stream("/echo/Echo")(iter([]))
            assert list(answers) == []
            call = channel.stream_stream("/echo/Echo")
            for _ in range(MESSAGES // 10):
                assert list(call(iter([b"word"] * 10))) == [b"word"] * 10
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline()), process.stderr.read()


def test_once_told_the_threads_of_the_pool_have_nothing_to_read() -> None:
    if not polling.choice():
        pytest.skip("this gRPC has one way to poll")
    told, said = served("one")
    assert "Unknown experiment" not in said
    assert told * 4 < served("as it is")[0]


SAYS = "from xds_server.polling import poll_in_one_thread; import os; {}"
TOLD = "print(poll_in_one_thread(), os.environ.get('GRPC_EXPERIMENTS'))"


@pytest.mark.parametrize(
    ("program", "more", "says"),
    [
        (TOLD, {"GRPC_EXPERIMENTS": "mine"}, "False mine"),
        ("import grpc; " + TOLD, {}, "False None"),
        (
            "from xds_server import polling; polling._LISTENER = 'nothing'; " + TOLD,
            {},
            "False None",
        ),
    ],
)
def test_it_is_left_alone(program: str, more: dict[str, str], says: str) -> None:
    argv = [sys.executable, "-c", SAYS.format(program)]
    done = subprocess.run(argv, env=environment(**more), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == says
