"""A port for several processes: found free, and kept for them while none of them listens."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from xds_server.southbound.grpc_ads import ListenError, cannot_listen


class SharedPort:
    """A TCP port that is ours as long as this is open; only processes of this user can share it.

    gRPC opens ports itself, so that a listening socket cannot be handed down: every worker opens
    the same port (SO_REUSEPORT), and the kernel spreads the connections.
    """

    def __init__(self, host: str, port: int) -> None:
        """Take a port; 0 takes a free one. Raises ListenError if others have it."""
        self._held = ExitStack()
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, *_, address in found:
                self.port = self._take(family, (address[0], port, *address[2:]))
                port = self.port
        except OSError as error:
            self.close()
            name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise ListenError(cannot_listen(name)) from error

    def close(self) -> None:
        """Let others have it."""
        self._held.close()

    def _take(self, family: int, address: tuple[object, ...]) -> int:
        # Whoever listens there by now, sharing or not, is in the way of one that does not share.
        with socket.socket(family) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind(alone, family, address)
            alone.listen()
            port: int = alone.getsockname()[1]
        ours = self._held.enter_context(socket.socket(family))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(ours, family, (address[0], port, *address[2:]))
        return port


def _bind(one: socket.socket, family: int, address: tuple[object, ...]) -> None:
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
