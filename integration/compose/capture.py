"""Capture what crosses all interfaces of a container into a ring of two pcap files.

``tcpdump`` sets user and groups even to stay root, which hosts may not; a packet socket is enough.
Format: pcap 2.4 with link type 276 (LINUX_SLL2), whose header tells interface and direction.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import time
from pathlib import Path
from typing import BinaryIO

ETH_P_ALL = 3
SNAPPED = 200  # bytes of each packet, which hold all headers of a tunnelled one
HALF = 4 << 20  # bytes of each of the two files
_FILE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPPED + 20, 276)
Address = tuple[str, int, int, int, bytes]  # of a packet socket: interface, protocol, kind, ...


def record(seconds: float, data: bytes, length: int, index: int, address: Address) -> bytes:
    """Return a packet as pcap has it: its time, how much of it there is, SLL2's header, bytes."""
    _, protocol, kind, hardware, sender = address
    header = struct.pack(
        ">HHIHBB8s", protocol, 0, index, hardware, kind, len(sender), sender[:8].ljust(8, b"\0")
    )
    whole, part = divmod(int(seconds * 1e6), 1_000_000)
    return struct.pack("<IIII", whole, part, 20 + len(data), 20 + length) + header + data


class Ring:
    """Two files, of which the older one is written anew when the newer one is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = 0
        self._file = self._begin()

    def _begin(self) -> BinaryIO:
        file = self._path.with_name(f"{self._path.name}{self._turn % 2}.pcap").open("wb")
        file.write(_FILE)
        return file

    def write(self, packet: bytes) -> None:
        """Write one record."""
        if self._file.tell() > HALF:
            self._file.close()
            self._turn += 1
            self._file = self._begin()
        self._file.write(packet)

    def flush(self) -> None:
        """Bring what was written to the file."""
        self._file.flush()


def capture(path: Path) -> None:
    """Capture until this is ended; what it has taken is in the files within half a second."""
    ring, indices, flushed = Ring(path), dict[str, int](), time.monotonic()
    taken = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    taken.settimeout(0.5)
    buffer = bytearray(SNAPPED)
    while True:
        try:
            length, address = taken.recvfrom_into(buffer, SNAPPED, socket.MSG_TRUNC)
        except TimeoutError:
            ring.flush()
            continue
        index = indices.get(address[0]) or indices.setdefault(address[0], _index(address[0]))
        ring.write(record(time.time(), bytes(buffer[:length]), length, index, address))
        if (now := time.monotonic()) - flushed > 0.5:
            ring.flush()
            flushed = now


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:  # it is gone already
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the files are PATH0.pcap and PATH1.pcap")
    arguments = parser.parse_args()
    os.nice(5)
    capture(arguments.path)


if __name__ == "__main__":
    main()
