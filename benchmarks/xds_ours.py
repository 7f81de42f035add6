"""Our xDS server as the benchmark's subject: commands as JSON lines in, an answer for each out.

``python -m benchmarks.xds_ours``; with ``PROFILE=FILE`` it leaves a cProfile of its publications.
"""

from __future__ import annotations

import asyncio
import cProfile
import ctypes
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.xds_content import read
from xds_server.cycles import collect_rarely
from xds_server.heap import share_heap
from xds_server.snapshots.evidence import Acked, Evidence, Nacked
from xds_server.southbound.grpc_ads import AdsServer, AdsSettings

PATIENT = 120.0
Answer = dict[str, Any]


class Subject:
    """The server, the nodes that it publishes for, and what they acknowledged."""

    def __init__(self) -> None:
        self._server = AdsServer(AdsSettings(port=0, max_streams=20_000), self._hear)
        self._kind = ""
        self._tolerant = False
        self._wanted = 0
        self._taken: list[float] = []
        self._done = asyncio.Event()
        self._profile = cProfile.Profile() if os.environ.get("PROFILE") else None

    async def start(self) -> int:
        """Listen on a free port and return it."""
        return await self._server.start()

    def _hear(self, evidence: Evidence) -> None:
        if isinstance(evidence, Nacked) and not self._tolerant:
            raise RuntimeError(f"the generator refused: {evidence}")
        if isinstance(evidence, Acked) and evidence.type == self._kind:
            self._taken.append(time.perf_counter())
            if len(self._taken) == self._wanted:
                self._done.set()

    async def publish(self, command: dict[str, Any]) -> Answer:
        """Publish a file's snapshots, one for all nodes or one for each, and wait for ``streams``
        acknowledgements.
        """
        snapshots = read(Path(command["file"]))
        self._kind, self._wanted = command["type"], command["streams"]
        self._taken.clear()
        self._done.clear()
        gc.collect()
        if self._profile:
            self._profile.enable()
        cpu, start = time.process_time(), time.perf_counter()
        for number in range(command["nodes"]):
            self._server.publish(f"node-{number}", snapshots[number % len(snapshots)])
        published = time.perf_counter()
        if self._wanted:
            await asyncio.wait_for(self._done.wait(), PATIENT)
        answer: Answer = {
            "cpu_ms": (time.process_time() - cpu) * 1000,
            "publish_ms": (published - start) * 1000,
            "total_cpu_ms": time.process_time() * 1000,
        }
        if self._profile:
            self._profile.disable()
            self._profile.dump_stats(os.environ["PROFILE"])
        if self._taken:
            taken = sorted((at - start) * 1000 for at in self._taken)
            answer |= {"all_ms": taken[-1], "half_ms": taken[len(taken) // 2]}
        self._wanted = 0
        return answer

    async def tolerate(self, _command: dict[str, Any]) -> Answer:
        """Let clients refuse from now on; before, that is a fault of the benchmark."""
        self._tolerant = True
        return {}

    async def cpu(self, _command: dict[str, Any]) -> Answer:
        """Return the CPU time so far."""
        return {"total_cpu_ms": time.process_time() * 1000}

    async def usage(self, _command: dict[str, Any]) -> Answer:
        """Return resident memory, freed memory given back first."""
        gc.collect()
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        status = Path("/proc/self/status").read_text().splitlines()
        rss = next(line for line in status if line.startswith("VmRSS:"))
        return {"rss_kib": int(rss.split()[1])}


async def main() -> None:
    """Serve until standard input ends."""
    subject = Subject()
    collect_rarely()
    print(json.dumps({"port": await subject.start()}), flush=True)
    commands = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(commands)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        try:
            answer = await getattr(subject, command["do"])(command)
        except TimeoutError:
            answer = {"error": f"not all streams acknowledged within {PATIENT:g} s"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    share_heap()
    uvloop.run(main())
