"""A small HTTP server of the bed: it answers with its name and the address it sees as its peer."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from dataclasses import dataclass, field

LIMIT = 16_384  # bytes of a request's head


@dataclass(slots=True)
class Counts:
    """How many requests each peer address has made."""

    requests: dict[str, int] = field(default_factory=dict)


def answer(name: str, peer: str, path: str, counts: Counts) -> bytes:
    """Return the whole response to one request; ``/counts`` tells what was asked so far."""
    if path == "/counts":
        body = json.dumps(counts.requests, sort_keys=True).encode()
    else:
        counts.requests[peer] = counts.requests.get(peer, 0) + 1
        body = json.dumps({"name": name, "peer": peer, "path": path}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def serve(name: str, port: int, hosts: list[str] | None) -> None:
    """Answer GET requests, keeping connections alive, until cancelled."""
    counts = Counts()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")[0]
        # The peer has gone: that is how every connection ends.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("ascii", "replace")
                writer.write(answer(name, peer, path, counts))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, hosts, port, limit=LIMIT)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--host", action="append", help="address to listen on; all, if not given")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.name, arguments.port, arguments.host))


if __name__ == "__main__":
    main()
