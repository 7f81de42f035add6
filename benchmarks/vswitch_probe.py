"""One end of a measured path: a server that echoes, or a client that counts.

``python vswitch_probe.py serve ADDRESS PORT``; ``rounds ADDRESS PORT NUMBER`` prints the median
round trip of one byte in us, ``connects ADDRESS PORT SECONDS`` the connections a second, each
opened, used once and closed. Imports nothing of the project: it starts within a namespace.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import statistics
import struct
import sys
import time

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST, so that no port waits


def serve(address: str, port: int) -> None:
    """Echo what comes, on any number of connections, until killed."""
    listener = socket.create_server((address, port), backlog=1024)
    listener.setblocking(False)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            if key.fileobj is listener:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    one, _ = listener.accept()
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    ready.register(one, selectors.EVENT_READ)
                continue
            peer = key.fileobj
            assert isinstance(peer, socket.socket)
            data = b""
            with contextlib.suppress(ConnectionError):
                data = peer.recv(4096)
            if not data:
                ready.unregister(peer)
                peer.close()
                continue
            with contextlib.suppress(ConnectionError):
                peer.sendall(data)


def rounds(address: str, port: int, number: int) -> float:
    """Return the median time of one byte there and back, in us."""
    times = []
    with socket.create_connection((address, port), 10) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(number):
            start = time.perf_counter()
            peer.sendall(b"x")
            peer.recv(1)
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def connects(address: str, port: int, seconds: float) -> float:
    """Return how many connections a second one client gets through."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        with socket.create_connection((address, port), 10) as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            peer.sendall(b"x")
            peer.recv(1)
        count += 1
    return count / (time.perf_counter() - start)


def main(do: str, address: str, port: str, much: str = "0") -> None:
    """Run one of the three."""
    if do == "serve":
        serve(address, int(port))
    elif do == "rounds":
        print(rounds(address, int(port), int(much)))
    else:
        print(connects(address, int(port), float(much)))


if __name__ == "__main__":
    main(*sys.argv[1:])
