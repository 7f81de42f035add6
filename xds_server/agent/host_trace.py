"""What the host's bridge would do with a packet, for the server that asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xds_server.protocols.unixctl.calls import UnixctlError
from xds_server.southbound.unixctl import trace, vswitchd_socket

LARGEST = 1_000_000  # characters of one answer


async def traced(directory: Path, asked: dict[str, Any]) -> str:
    """Return what ``ofproto/trace`` prints; raises UnixctlError where there is nothing to return.

    The packet is described, not sent: nothing leaves the bridge, and no state changes.
    """
    states = tuple(map(str, asked.get("states", ())))
    bridge, flow = str(asked.get("bridge", "")), str(asked.get("flow", ""))
    text = await trace(vswitchd_socket(directory), bridge, flow, states)
    if len(text) > LARGEST:
        raise UnixctlError(f"the trace has {len(text)} characters, more than {LARGEST}")
    return text
