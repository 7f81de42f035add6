"""Find the machine's Docker engine; where none answers, start one by hand, and stop it again.

``python -m integration.engine.lifetime start|stop``. What was started here is known by a file in
the state directory, so that a later run stops it, and never an engine of somebody else. What it
changed in the machine's network is put back.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
from docker.errors import DockerException

from integration.engine.traces import observe, put_back, recalled, stored

STATE = Path(__file__).parents[2] / ".compose"
SOCKET = Path("/var/run/docker.sock")
PATIENCE = 60.0  # seconds that an engine may take to answer, or to end
BEFORE = "network.json"  # in the state directory: the machine's network without an engine
PACKAGES = ("docker.io", "docker-compose", "mmdebstrap")


class EngineError(Exception):
    """The engine cannot be had: one sentence, with what mends it."""


def connect() -> docker.DockerClient | None:
    """Return a client of the engine that answers, None where none does; EngineError without rights.

    ``DOCKER_HOST`` counts, as for the ``docker`` command.
    """
    if not os.environ.get("DOCKER_HOST") and SOCKET.exists() and not os.access(SOCKET, os.W_OK):
        raise EngineError(
            f"this user may not use the engine ({SOCKET}): join the group docker, or use sudo"
        )
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except (DockerException, OSError):
        return None
    return client


def start(state: Path = STATE) -> docker.DockerClient:
    """Return a client of the machine's engine, which is started where none answers."""
    if (client := connect()) is not None:
        return client
    if os.environ.get("DOCKER_HOST"):
        raise EngineError(f"no engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}")
    if os.geteuid() != 0:
        raise EngineError(
            "no engine answers, and only root can start one: start Docker, or use sudo"
        )
    if shutil.which("dockerd") is None:
        raise EngineError(f"no engine is installed: apt-get install {' '.join(PACKAGES)}")
    return _spawn(state)


def _spawn(state: Path) -> docker.DockerClient:
    state.mkdir(parents=True, exist_ok=True)
    log = state / "dockerd.log"
    (state / BEFORE).write_text(stored(observe()))
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    (state / "dockerd.pid").write_text(str(process.pid))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (client := connect()) is not None:
            return client
        if process.poll() is not None:
            break
        time.sleep(0.2)
    stop(state)
    raise EngineError(f"dockerd does not come up: {_last_words(log)} (all of it: {log})")


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def stop(state: Path = STATE) -> bool:
    """End the engine that was started here; return whether there was one."""
    note = state / "dockerd.pid"
    if not note.exists():
        return False
    pid = int(note.read_text())
    ours = _is_dockerd(pid)
    if ours:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while _is_dockerd(pid):
            if time.monotonic() > deadline:
                raise EngineError(f"dockerd (process {pid}) does not end: kill -9 {pid}")
            time.sleep(0.1)
    note.unlink()
    _put_back(state / BEFORE)
    return ours


def _put_back(before: Path) -> None:
    """Undo what the engine changed, unless somebody has started another one since."""
    if not before.exists():
        return
    kept = recalled(before.read_text())
    before.unlink()
    try:
        if connect() is None:
            put_back(kept)
    except OSError as error:
        raise EngineError(f"what Docker changed in the network is still there: {error}") from error


def _is_dockerd(pid: int) -> bool:
    """Whether a process of this number runs dockerd; an ended child of ours is collected."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd"
    except OSError:
        return False


@contextmanager
def engine(state: Path = STATE) -> Iterator[docker.DockerClient]:
    """Give a client of the machine's engine; one that this started ends at the end."""
    stop(state)  # what an interrupted run has left
    client = start(state)
    try:
        yield client
    finally:
        client.close()
        stop(state)


def main(arguments: list[str]) -> int:
    """Start or stop the engine; an error is one sentence."""
    try:
        match arguments:
            case ["start"]:
                start().close()
            case ["stop"]:
                stop()
            case _:
                print("python -m integration.engine.lifetime start|stop", file=sys.stderr)
                return 2
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
