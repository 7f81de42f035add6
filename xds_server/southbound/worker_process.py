"""One worker process as the controller sees it: started, fed, heard, and ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import xds_server
from xds_server.protocols.workers.commands import Command
from xds_server.protocols.workers.feed import Feed
from xds_server.protocols.workers.framing import FROM_WORKER, FrameError, Frames
from xds_server.protocols.workers.news import NEWS, News

ARGUMENTS = ("-P", "-m", "xds_server.worker")  # no module comes from the working directory
STALL_SECONDS = 30.0  # a worker that takes nothing for so long is replaced
END_SECONDS = 3.0  # to end in once its pipe is closed
_CHUNK = 256 * 1024
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")  # of our environment, and GRPC_*


class WorkerProcess:
    """A process that is fed until it ends."""

    def __init__(self, feed: Feed, hear: Callable[[News], None]) -> None:
        self.feed = feed
        self.pid = 0
        self._hear = hear
        self._news = asyncio.Event()
        self._news.set()

    def wake(self) -> None:
        """Say that the feed has something to tell."""
        self._news.set()

    def say(self, command: Command) -> None:
        """Tell the worker something that is no content."""
        self.feed.say(command)
        self.wake()

    async def run(self) -> str:
        """Run until the process ends, whoever wants it; return why it did."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *ARGUMENTS,
                    stdin=theirs.fileno(),
                    cwd="/",
                    env=environment(),
                )
        except OSError as error:
            ours.close()
            return f"it cannot be started: {error}"
        self.pid = process.pid
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            why = await self._converse(reader, writer)
        finally:
            writer.close()
            code = await _ended(process)
        return why if code == 0 else f"{why}, {_how(code)}"

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        jobs = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._write(writer))]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            return next(job.result() for job in jobs if job in done)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> str:
        frames = Frames(FROM_WORKER)
        try:
            while data := await reader.read(_CHUNK):
                for frame in frames.feed(data):
                    self._hear(NEWS.decode(frame))
        except ConnectionError as error:
            return f"its pipe broke: {error}"
        except FrameError as error:
            return f"it does not speak as it should: {error}"
        return "it ended"

    async def _write(self, writer: asyncio.StreamWriter) -> str:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while frames := self.feed.take():
                    writer.writelines(frames)
                    async with asyncio.timeout(STALL_SECONDS):
                        await writer.drain()
            except TimeoutError:
                return f"it took nothing for {STALL_SECONDS:g} s"
            except ConnectionError as error:
                return f"its pipe broke: {error}"


async def _ended(process: asyncio.subprocess.Process) -> int:
    """Wait until a process whose pipe is closed has ended, and see to it; return its code."""
    try:
        async with asyncio.timeout(END_SECONDS):
            return await process.wait()
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        return await process.wait()


def _how(code: int) -> str:
    """Return how a process ended; below zero it is the number of a signal."""
    return f"with exit code {code}" if code > 0 else f"killed by signal {-code}"


def environment() -> dict[str, str]:
    """Return the environment of a worker: nothing of ours that it does not need to run."""
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    found |= {name: value for name, value in os.environ.items() if name.startswith("GRPC_")}
    return {**found, "PYTHONPATH": str(Path(xds_server.__file__).parents[1])}
