"""The API's socket and server: bound and stopped by us, so that failures are one sentence."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from xds_server.api.guard import App
from xds_server.controller.errors import MachineError

DRAIN_SECONDS = 3  # how long requests in progress may take once we stop

_MENDS = {
    errno.EADDRINUSE: "the port is in use, stop who has it or choose another with",
    errno.EACCES: "the port needs privileges, choose one above 1023 with",
    errno.EADDRNOTAVAIL: "this machine has no such address, choose another with",
}


class ApiServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the program, which stops its other parts too."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def bound(host: str, port: int, use: str = "the API", option: str = "--api") -> socket.socket:
    """Return a socket bound to the address; raise MachineError when that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        why = _MENDS.get(error.errno or 0, f"{error.strerror}, choose another address with")
        raise MachineError(f"cannot listen on {host}:{port} for {use}: {why} {option}") from error
    return found


def api_server(
    app: App, certificate: Path | None, key: Path | None, authorities: Path | None
) -> ApiServer:
    """Return the server of an application, with TLS where a certificate is given."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_ca_certs=None if authorities is None else str(authorities),
        ssl_cert_reqs=ssl.CERT_NONE if authorities is None else ssl.CERT_REQUIRED,
    )
    return ApiServer(config)
