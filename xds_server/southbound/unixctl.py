"""The control socket of a daemon on this machine: one command, one answer."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from xds_server.protocols.unixctl.calls import Calls, UnixctlError

RUN = Path("/var/run/openvswitch")
_CHUNK = 1 << 20  # bytes


def run_directory() -> Path:
    """Return where Open vSwitch's daemons keep their sockets: ``OVS_RUNDIR``, or as packaged."""
    return Path(os.environ.get("OVS_RUNDIR", RUN))


def vswitchd_socket(directory: Path = RUN) -> Path:
    """Return the control socket of the ovs-vswitchd that runs by this directory.

    Raises UnixctlError where none runs.
    """
    pid_file = directory / "ovs-vswitchd.pid"
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError) as error:
        raise UnixctlError(
            f"no ovs-vswitchd runs by {directory} ({error}); start Open vSwitch, or name its"
            " run directory"
        ) from error
    named = directory / "ovs-vswitchd.ctl"  # where it was told a name of its own
    return named if named.exists() else directory / f"ovs-vswitchd.{pid}.ctl"


async def call(path: Path, method: str, *params: str, timeout: float = 10.0) -> str:
    """Give one command and return what it prints; ``timeout`` is in seconds.

    Raises UnixctlError with the daemon's own words where it refuses, and with the reason where it
    cannot be asked or does not answer in time.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _call(path, method, params)
    except TimeoutError as error:
        raise UnixctlError(f"{method} was not answered within {timeout:g} s") from error
    except OSError as error:
        raise UnixctlError(f"cannot speak with {path}: {error.strerror or error}") from error


async def trace(
    path: Path, bridge: str, flow: str, states: tuple[str, ...], timeout: float = 8.0
) -> str:
    """Return what a bridge would do with a packet that is only described (``ofproto/trace``).

    ``states``: what each pass through connection tracking is to find. Raises UnixctlError, also
    for words that the daemon would take as options: with ``-generate`` a packet would be sent.
    """
    if any(not word or word.startswith("-") for word in (bridge, flow, *states)):
        raise UnixctlError("a bridge, a packet and states are words that begin with no '-'")
    told = [part for state in states for part in ("--ct-next", state)]
    return await call(path, "ofproto/trace", bridge, flow, *told, timeout=timeout)


async def _call(path: Path, method: str, params: tuple[str, ...]) -> str:
    reader, writer = await asyncio.open_unix_connection(path)
    calls = Calls()
    try:
        _number, request = calls.ask(method, *params)
        writer.write(request)
        await writer.drain()
        while chunk := await reader.read(_CHUNK):
            for reply in calls.receive(chunk):
                return reply.result
    finally:
        writer.close()
    raise UnixctlError(f"the daemon closed its control socket before it answered {method}")
