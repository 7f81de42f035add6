import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PROGRAM = """
import os, signal, socket, sys
from pathlib import Path
from xds_server.southbound.confinement import confine, interpreter_paths
allowed, secret, port, other = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print(confine((*interpreter_paths(Path(allowed)), "/no/such/path"), port) or "confined")
def attempt(what, action):
    try:
        action()
    except OSError as error:
        print(what, type(error).__name__)
    else:
        print(what, "done")
def listen(number):
    with socket.socket() as found:
        found.bind(("127.0.0.1", number))
        found.listen()
attempt("allowed", lambda: open(allowed + "/file").read())
attempt("secret", lambda: open(secret).read())
attempt("write", lambda: open(allowed + "/new", "w"))
attempt("listen", lambda: listen(port))
attempt("listen elsewhere", lambda: listen(0))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", other), 2))
attempt("signal", lambda: os.kill(os.getppid(), 0))
"""


def test_a_confined_process_can_listen_and_little_else(tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "file").write_text("x")
    (tmp_path / "token").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        argv = [tmp_path / "allowed", tmp_path / "token", port, other.getsockname()[1]]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, argv)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
    first, *said = done.stdout.splitlines()
    if first != "confined":
        pytest.skip(first)
    assert said == [
        "allowed done",
        "secret PermissionError",
        "write PermissionError",
        "listen done",
        "listen elsewhere PermissionError",
        "connect PermissionError",
        "signal PermissionError",
    ]


def test_with_threads_it_would_hold_for_one_only() -> None:
    program = (
        "import threading, time\n"
        "from xds_server.southbound.confinement import confine\n"
        "threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
        "print(confine((), 0))"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "it has threads already"
