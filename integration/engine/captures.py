"""What crosses the interfaces of hosts and switches, captured inside their containers.

Each container has a ring of some megabytes on its own disk: a container that is killed and started
again still has what was seen until then.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from docker.errors import APIError, NotFound
from docker.models.containers import Container

WHERE = "/var/tmp/captures"  # not in memory: it must outlive the container's processes
PROGRAM = "python3 -m integration.compose.capture"
END = f"pkill -f '^{PROGRAM}'; sleep 0.1"
BEGIN = f"{END}; rm -rf {WHERE} && mkdir {WHERE} && exec {PROGRAM} {WHERE}/packets"
AGAIN = f"exec {PROGRAM} {WHERE}/restarted"


def begin(containers: Iterable[Container]) -> None:
    """Begin a capture in each container that runs; what an earlier one kept there goes."""
    _run(containers, BEGIN)


def resume(container: Container) -> None:
    """Capture again, into further files, in a container that has been restarted."""
    _run([container], AGAIN)


def _run(containers: Iterable[Container], script: str) -> None:
    for container in containers:
        with suppress(APIError):  # it does not run: what it still has is from before
            container.exec_run(["sh", "-c", script], detach=True)


def collect(container: Container, place: Path) -> None:
    """Write a container's captures below a directory; the ring's files end in 0 and 1."""
    with suppress(APIError):
        container.exec_run(["sh", "-c", f"sleep 0.6; {END}"])  # it writes what it holds
    try:
        chunks, _ = container.get_archive(WHERE)
    except NotFound:
        return
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        for member in archive.getmembers():
            if (content := archive.extractfile(member)) is not None:
                place.mkdir(parents=True, exist_ok=True)
                (place / Path(member.name).name).write_bytes(content.read())
