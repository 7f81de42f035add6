"""A UDP echo and a prober of the bed: the longest silence on many small flows at once.

Several source ports are used, since a fabric spreads flows over its spines: a single one would
often be on a path that nothing happened to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import cast

from integration.bed import stdin

PORT = 7007
_LATE = 2.0  # seconds that the last answers may take


@dataclass(slots=True)
class Silence:
    """Of one flow: what was sent and answered, and the longest time without an answer (s)."""

    sent: int = 0
    answered: int = 0
    last: float = field(default_factory=time.monotonic)
    longest: float = 0.0

    def heard(self, now: float) -> None:
        """Count an answer."""
        self.answered += 1
        self.longest = max(self.longest, now - self.last)
        self.last = now


class Echo(asyncio.DatagramProtocol):
    """Sends every datagram back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


class Flow(asyncio.DatagramProtocol):
    """Counts what comes back."""

    def __init__(self) -> None:
        self.silence = Silence()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        self.silence.heard(time.monotonic())


async def echo(host: str) -> None:
    """Answer until cancelled."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Echo, local_addr=(host, PORT))
    await asyncio.Event().wait()


async def probe(host: str, flows: int, interval: float, until_eof: bool) -> dict[str, object]:
    """Probe until a signal, or the end of the standard input; return the sums and the longest
    silence in milliseconds.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_eof:
        await stdin.ended(stop.set)
    print(flush=True)  # from here on it may be stopped
    made = [
        await loop.create_datagram_endpoint(Flow, remote_addr=(host, PORT)) for _ in range(flows)
    ]
    due = time.monotonic()
    while not stop.is_set():
        for transport, flow in made:
            transport.sendto(b"probe")
            flow.silence.sent += 1
        due += interval
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    ended, silences = time.monotonic(), [flow.silence for _, flow in made]
    while time.monotonic() - ended < _LATE and any(s.answered < s.sent for s in silences):
        await asyncio.sleep(0.02)  # the last answers are on their way
    return {
        "sent": sum(s.sent for s in silences),
        "answered": sum(s.answered for s in silences),
        "alive": sum(ended - s.last < 1.0 for s in silences),
        "flows": flows,
        "gap_ms": round(max(s.longest for s in silences) * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host", help="whom to probe; with --echo, the address to answer on")
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--flows", type=int, default=8)
    parser.add_argument("--interval", type=float, default=0.01, help="seconds, each flow")
    parser.add_argument("--until-eof", action="store_true", help="end with the standard input")
    given = parser.parse_args()
    if given.echo:
        asyncio.run(echo(given.host))
    else:
        json.dump(
            asyncio.run(probe(given.host, given.flows, given.interval, given.until_eof)), sys.stdout
        )


if __name__ == "__main__":
    main()
