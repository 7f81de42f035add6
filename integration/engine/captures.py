"""What crosses the interfaces of hosts and switches, kept by tcpdump inside their containers.

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
RING = ("-C", "4", "-W", "2")  # two files of 4 MB at most
SNAPPED = 200  # bytes of each packet, which hold all headers of a tunnelled one
TCPDUMP = ("tcpdump", "-i", "any", "-n", "-Z", "root", "-s", str(SNAPPED), *RING)
BEGIN = f"""\
pkill -KILL -x tcpdump
rm -rf {WHERE}
mkdir {WHERE}
exec {" ".join(TCPDUMP)} -w {WHERE}/any.pcap 2>{WHERE}/tcpdump.log
"""
END = "pkill -INT -x tcpdump; sleep 0.3"  # it writes what it still holds
AGAIN = f"exec {' '.join(TCPDUMP)} -w {WHERE}/restarted.pcap 2>>{WHERE}/tcpdump.log"


def begin(containers: Iterable[Container]) -> None:
    """Begin a capture in each container that runs; what an earlier one kept there goes."""
    _run(containers, BEGIN)


def resume(container: Container) -> None:
    """Capture again, into further files, in a container that has been restarted."""
    _run([container], AGAIN)


def _run(containers: Iterable[Container], script: str) -> None:
    for container in containers:
        with suppress(APIError):  # it does not run: what it still has is from before
            # tcpdump sets its user and groups even to keep them, which hosts may not.
            container.exec_run(["sh", "-c", script], detach=True, privileged=True)


def collect(container: Container, place: Path) -> None:
    """Write a container's captures below a directory; the ring's oldest file ends in 0 or 1."""
    with suppress(APIError):
        container.exec_run(["sh", "-c", END])
    try:
        chunks, _ = container.get_archive(WHERE)
    except NotFound:
        return
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        for member in archive.getmembers():
            if (content := archive.extractfile(member)) is not None:
                place.mkdir(parents=True, exist_ok=True)
                (place / Path(member.name).name).write_bytes(content.read())
