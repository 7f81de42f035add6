"""A byte relay from a Unix socket to the controller.

The proxy lives in a network namespace from which no route leads to the controller: its only
interface is the bridge's. A Unix socket has a path, not an address, and crosses namespaces.
The relay never looks into the bytes, so TLS stays between the proxy and the controller.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

CHUNK = 65_536  # bytes read at a time
PATIENCE = 5.0  # seconds until a connection to the controller is given up


@contextlib.asynccontextmanager
async def relay(path: Path, host: str, port: int) -> AsyncIterator[asyncio.Server]:
    """Relay every connection to the socket at ``path`` to ``host:port`` while the context lasts."""
    sessions: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.ensure_future(_session(reader, writer, host, port))
        sessions.add(session)
        session.add_done_callback(sessions.discard)

    path.unlink(missing_ok=True)  # a socket that a killed agent left
    server = await asyncio.start_unix_server(accept, path)
    try:
        yield server
    finally:
        server.close()
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        path.unlink(missing_ok=True)


async def _session(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Relay one connection both ways until either side ends; the proxy dials again by itself."""
    try:
        async with asyncio.timeout(PATIENCE):
            far_reader, far_writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        writer.close()  # the controller is away, which the proxy sees as a closed connection
        return
    ways = (_pump(reader, far_writer), _pump(far_reader, writer))
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        writer.close()
        far_writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # either side may reset; both are closed after
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
