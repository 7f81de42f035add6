"""Streams between two sockets of workloads, counted: datagrams at a steady rate, and iperf3."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from integration.bed.netns import Namespace
from tests.waiting import PATIENCE, until

SIZE = 100  # bytes of a datagram: the smaller, the longer do a vswitch's queues hold them
RATE = 1250  # datagrams a second
_RCVBUFFORCE = 33  # SO_RCVBUFFORCE of Linux, which Python does not name
_LATE = 1.0  # seconds that the last datagrams may be on their way


@dataclass
class Datagrams:
    """A stream of numbered datagrams from one socket to another."""

    sender: socket.socket
    receiver: socket.socket
    address: tuple[str, int]
    sent: list[float] = field(default_factory=list)  # when, by number
    seen: dict[int, float] = field(default_factory=dict)  # when each arrived first
    repeated: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def lost(self) -> list[int]:
        """The numbers that did not arrive."""
        return [number for number in range(len(self.sent)) if number not in self.seen]

    @property
    def silence(self) -> float:
        """The longest time between two arrivals, in seconds."""
        times = sorted(self.seen.values())
        return max(after - before for before, after in pairwise(times))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Keep the stream up; on the way out wait for what is still under way."""
        threads = [threading.Thread(target=each) for each in (self._send, self._receive)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _send(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            data = len(self.sent).to_bytes(8, "big") + bytes(SIZE - 8)
            self.sent.append(time.monotonic())
            self.sender.sendto(data, self.address)
            # Late, it never catches up: a burst would overflow the queues of any vswitch.
            due = max(due + 1 / RATE, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self) -> None:
        self.receiver.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 1 << 24)
        self.receiver.settimeout(_LATE)
        while True:
            try:
                data = self.receiver.recv(2 * SIZE)
            except TimeoutError:
                if self._stop.is_set():
                    return
                continue
            number = int.from_bytes(data[:8], "big")
            self.repeated += number in self.seen
            self.seen.setdefault(number, time.monotonic())


@contextlib.contextmanager
def iperf(
    server: Namespace, client: Namespace, address: str, seconds: int, *more: str
) -> Iterator[Any]:
    """Run one TCP stream; the yielded function waits for its end and returns iperf3's report.

    ``more`` are further options of the client: ``-R`` lets the server send.
    """
    with _process(server, "iperf3", "-s", "-1", "-B", address):
        until(lambda: f"{address}:5201 " in server.run("ss", "-Hltn"), lambda: "iperf3 is deaf")
        with _process(client, "iperf3", "-c", address, "-t", str(seconds), "-J", *more) as running:
            yield lambda: _report(running, seconds)


@contextlib.contextmanager
def _process(namespace: Namespace, *argv: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        namespace.command(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _report(running: subprocess.Popen[str], seconds: int) -> dict[str, Any]:
    out, _ = running.communicate(timeout=seconds + PATIENCE)
    told = dict(json.loads(out))
    assert "error" not in told, told["error"]
    return told
