"""Listening sockets for vswitches, whose failures say in one sentence how to mend them."""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
from collections.abc import Callable

from xds_server.controller.errors import MachineError

_HANDSHAKE = 10.0  # seconds for TLS
_LAST_PORT = 0xFFFF
_MENDS = {
    errno.EADDRINUSE: "the port is in use; stop the program that holds it or choose another port",
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher port",
    errno.EPERM: "ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher port",
    errno.EADDRNOTAVAIL: "no interface has this address; listen on an address of this machine",
}


async def listen(
    factory: Callable[[], asyncio.BaseProtocol],
    host: str,
    port: int,
    tls: ssl.SSLContext | None,
    what: str,
) -> asyncio.Server:
    """Listen on ``host``:``port`` (0: any free one) for ``what``, by TLS if a context is given.

    Raises MachineError when the machine does not let us.
    """
    loop = asyncio.get_running_loop()
    timeout = _HANDSHAKE if tls else None
    try:
        if not 0 <= port <= _LAST_PORT:  # of which uvloop would take the lower 16 bits
            raise OverflowError("port must be 0-65535")
        return await loop.create_server(
            factory, host, port, ssl=tls, ssl_handshake_timeout=timeout, backlog=512
        )
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        mend = _MENDS.get(number or 0, f"{error}; check the address")
        raise MachineError(f"cannot listen on {host}:{port} for {what}: {mend}") from error


def steady_clock() -> Callable[[], float]:
    """Return a clock in seconds since 1970 that never jumps when the machine's time is set."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


def address_of(transport: asyncio.BaseTransport) -> str:
    """Return the peer of a connection as text."""
    peer = transport.get_extra_info("peername")
    if isinstance(peer, tuple):
        return f"[{peer[0]}]:{peer[1]}" if ":" in peer[0] else f"{peer[0]}:{peer[1]}"
    return str(peer or "a local socket")
