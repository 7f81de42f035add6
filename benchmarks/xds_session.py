"""One server and one load generator, each on a core of its own, and what is asked of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.xds_content import NAMES, ROUTES, write
from benchmarks.xds_process import GENERATOR_CORE, SERVER_CORE, Pinned
from xds_server.snapshots.model import Snapshot

NODE_KIB = 60  # what an Envoy says of itself on a stream's first request
SETTLED = 2.5  # s; a new stream of ours holds removals back for 2 s, and a timer ends that


class Session:
    """A context manager; everything in it raises ProcessError where a stream is not served."""

    def __init__(self, command: tuple[str, ...], peers: str, scratch: Path) -> None:
        self._commands = command, (peers, "load")
        self._file = scratch / "snapshots"
        self._stack = ExitStack()

    def __enter__(self) -> Session:
        server, generator = self._commands
        self.server = self._stack.enter_context(Pinned(SERVER_CORE, *server))
        self.generator = self._stack.enter_context(Pinned(GENERATOR_CORE, *generator))
        self._port = self.server.hear()["port"]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, streams: int, dialect: str, slow: int = 0) -> float:
        """Open the streams of node-0 and so on; return the ms until each has all its types."""
        opened = self.generator.ask(
            "open",
            streams=streams,
            dialect=dialect,
            port=self._port,
            node_kib=NODE_KIB,
            names=NAMES,
            routes=ROUTES,
            slow=slow,
        )
        return float(opened["all_ms"])

    def publish(
        self,
        snapshots: Iterable[Snapshot],
        nodes: int,
        kind: str = "",
        streams: int = 0,
        salt: str = "",
    ) -> dict[str, Any]:
        """Publish, wait until ``streams`` acknowledged the type ``kind``, and return what it took.

        ``waited_ms``: how long the server was ready while others had its core, of ``asked_ms``
        that the whole took, the reading of the snapshots included; ``bytes`` and so on are what
        the clients received.
        """
        write(self._file, snapshots, salt)
        self.received()
        waited = self.server.waited_ms(), self.generator.waited_ms()
        start = time.perf_counter()
        answer = self.server.ask(
            "publish", file=str(self._file), type=kind, streams=streams, nodes=nodes
        )
        answer["asked_ms"] = (time.perf_counter() - start) * 1000
        answer["waited_ms"] = self.server.waited_ms() - waited[0]
        answer["generator_waited_ms"] = self.generator.waited_ms() - waited[1]
        return answer if not streams else {**answer, **self.received()}

    def received(self) -> dict[str, Any]:
        """Return what all clients received since they were asked last."""
        return self.generator.ask("received")

    def memory_kib(self) -> float:
        """Return the server's resident memory, after it gave back what it had freed."""
        return float(self.server.ask("usage")["rss_kib"])

    def cpu_ms(self) -> float:
        """Return the server's CPU time so far."""
        return float(self.server.ask("cpu")["total_cpu_ms"])

    def settle(self) -> None:
        """Wait until new streams are streams like others."""
        time.sleep(SETTLED)
