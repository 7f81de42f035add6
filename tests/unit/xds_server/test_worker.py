import signal
import socket
import subprocess
import sys
from pathlib import Path

from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.protocols.workers.commands import Start
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_WORKER, Frames
from xds_server.protocols.workers.news import NEWS, Listening
from xds_server.southbound.grpc_ads import AdsSettings
from xds_server.southbound.worker_serving import WorkerEnd
from xds_server.southbound.worker_start import settings_of, start_of
from xds_server.worker import assemble

ROOT = Path(__file__).parents[3]


def started() -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        argv = [sys.executable, "-m", "xds_server.worker"]
        process = subprocess.Popen(argv, stdin=theirs, cwd=ROOT, stderr=subprocess.PIPE)
    feed = Feed(Catalogue())
    feed.say(Start("127.0.0.1", 0, 0.0, "", "", ""))
    ours.sendall(b"".join(feed.take()))
    ours.settimeout(15)
    [frame] = Frames(FROM_WORKER).feed(ours.recv(65536))
    assert isinstance(NEWS.decode(frame), Listening)
    return process, ours


def test_it_ends_in_silence_when_a_signal_or_the_end_of_the_pipe_says_so() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, None):
        process, pipe = started()
        with process, pipe:
            pipe.close() if number is None else process.send_signal(number)
            assert process.wait(15) == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""


def test_it_loads_neither_policy_nor_compiler_nor_database() -> None:
    program = (
        "import sys, xds_server.worker\n"
        "print([n for n in sys.modules if n.partition('.')[0] in ('translators', 'sqlalchemy', "
        "'pydantic', 'envoy_data_plane', 'fastapi') or n.startswith('xds_server.controller')])"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_server_is_what_the_controller_wants() -> None:
    end = WorkerEnd(assemble, lambda port: "")
    start = start_of(AdsSettings(max_streams=7), 0, 0.0)
    server, _ = assemble(start, end)
    assert server._settings == settings_of(start)
    assert server._settings.max_streams == 7
