"""A keep-alive HTTP load client of the bed: it counts answers, failures and the longest silence."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from integration.bed import stdin


@dataclass(slots=True)
class Tally:
    """What came of the requests; times in seconds of the monotonic clock."""

    names: Counter[str] = field(default_factory=Counter)
    peers: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    last: float = 0.0
    gap: float = 0.0

    def answered(self, began: float, now: float, status: int, body: bytes) -> None:
        """Count one answer; an answer that is not ours counts by its status alone."""
        self.statuses[status] += 1
        self.latencies.append(now - began)
        self.gap = max(self.gap, now - (self.last or now))
        self.last = now
        if status == 200:
            told = json.loads(body)
            self.names[told["name"]] += 1
            self.peers[told["peer"]] += 1

    def report(self) -> dict[str, object]:
        """Return the sums as plain values; latencies and the gap in milliseconds."""
        ordered = sorted(self.latencies) or [0.0]
        return {
            "answered": sum(self.statuses.values()),
            "failed": len(self.failures),
            "failures": self.failures[:5],
            "statuses": {str(k): v for k, v in sorted(self.statuses.items())},
            "names": dict(sorted(self.names.items())),
            "peers": dict(sorted(self.peers.items())),
            "gap_ms": round(self.gap * 1000, 1),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 3),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 3),
        }


class Session:
    """One keep-alive connection to a server; it is opened again when the server closed it."""

    def __init__(self, url: str, headers: tuple[str, ...], timeout: float) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or 80
        self._timeout = timeout
        lines = [f"GET {parts.path or '/'} HTTP/1.1", *headers]
        if not any(line.lower().startswith("host:") for line in headers):
            lines.append(f"host: {parts.netloc}")
        self._request = "\r\n".join([*lines, "", ""]).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> tuple[int, bytes]:
        """Make one request; raises OSError, EOFError or TimeoutError when it fails."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange()
        except BaseException:
            self.close()
            raise

    async def _exchange(self) -> tuple[int, bytes]:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        if b"\r\nconnection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def load(
    sessions: list[Session], tally: Tally, count: int, interval: float, stop: asyncio.Event
) -> None:
    """Share ``count`` requests (0: until ``stop``) among sessions, each asking every interval."""
    left = iter(range(count)) if count else None

    async def work(session: Session) -> None:
        while not stop.is_set() and (left is None or next(left, None) is not None):
            began = time.monotonic()
            try:
                status, body = await session.ask()
                tally.answered(began, time.monotonic(), status, body)
            except (OSError, EOFError, TimeoutError) as error:
                tally.failures.append(repr(error))
            rest = interval - (time.monotonic() - began)
            if rest > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), rest)
        session.close()

    await asyncio.gather(*(work(session) for session in sessions))


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Run the load until the count, the duration or a signal ends it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if arguments.until_eof:
        await stdin.ended(stop.set)
    print(flush=True)  # from here on it may be stopped
    if arguments.duration:
        loop.call_later(arguments.duration, stop.set)
    sessions = [
        Session(arguments.url, tuple(arguments.header), arguments.timeout)
        for _ in range(arguments.connections)
    ]
    tally = Tally()
    await load(sessions, tally, arguments.count, arguments.interval, stop)
    return tally.report()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=0, help="requests in all; 0: no end")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds; 0: no end")
    parser.add_argument("--until-eof", action="store_true", help="end with the standard input")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--interval", type=float, default=0.0, help="seconds, each connection")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds, each request")
    parser.add_argument("--header", action="append", default=[], help="'name: value'")
    json.dump(asyncio.run(measure(parser.parse_args())), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
