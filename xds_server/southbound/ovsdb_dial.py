"""Connections that we open to database servers, again and again while they are away."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from xds_server.southbound.ovsdb_session import OvsdbSession

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0  # seconds between two attempts
_PATIENCE = 10.0  # seconds for one attempt, TLS included
_FORMS = "write tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH"


class RemoteError(ValueError):
    """A remote is spelt wrongly; the text says how to mend it."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a database server listens: a host and port, by TLS or not, or a Unix socket."""

    scheme: str
    place: str  # host, or path
    port: int = 0

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix:{self.place}"
        host = f"[{self.place}]" if ":" in self.place else self.place
        return f"{self.scheme}:{host}:{self.port}"


def parse_remote(text: str) -> Remote:
    """Return the remote that Open vSwitch spells so (ovsdb(7), connection methods).

    Raises RemoteError.
    """
    scheme, _, rest = text.strip().partition(":")
    if scheme == "unix" and rest:
        return Remote(scheme, rest)
    host, _, port = rest.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if scheme not in ("tcp", "ssl") or not host or not port.isdecimal() or int(port) > 65535:
        raise RemoteError(f"{text!r} is no OVSDB server, {_FORMS}")
    return Remote(scheme, host, int(port))


def parse_remotes(text: str) -> tuple[Remote, ...]:
    """Return the remotes of a list with commas; raises RemoteError."""
    return tuple(parse_remote(each) for each in text.split(",") if each.strip())


async def dial(
    remote: Remote,
    make: Callable[[], OvsdbSession],
    tls: ssl.SSLContext | None,
    told: Callable[[str], None],
) -> None:
    """Keep one session with a database server until cancelled.

    ``told`` hears why there is none, and an empty text once there is one again.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            session = await asyncio.wait_for(_connect(remote, make, tls), _PATIENCE)
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            reason = getattr(error, "strerror", None) or str(error) or "no answer"
            told(f"cannot connect to the OVSDB server {remote}: {reason}; it is tried again")
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
            continue
        told("")
        wait = _FIRST_WAIT
        await session.ended.wait()
        told(f"the session with the OVSDB server {remote} has ended; it is tried again")
        await asyncio.sleep(wait)


async def _connect(
    remote: Remote, make: Callable[[], OvsdbSession], tls: ssl.SSLContext | None
) -> OvsdbSession:
    loop = asyncio.get_running_loop()
    if remote.scheme == "unix":
        _, session = await loop.create_unix_connection(make, remote.place)
        return session
    context = tls if remote.scheme == "ssl" else None
    if remote.scheme == "ssl" and context is None:
        raise OSError("there are no certificates; give --tls-cert, --tls-key and --tls-ca")
    _, session = await loop.create_connection(make, remote.place, remote.port, ssl=context)
    return session
