"""Vswitches on the server's own machine, asked by their control sockets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xds_server.controller.errors import MachineError
from xds_server.controller.host_agents import Trace
from xds_server.protocols.unixctl.calls import UnixctlError
from xds_server.southbound.unixctl import trace, vswitchd_socket


class NearVswitches:
    """Vswitches on this machine, by host; a path is a control socket, or a run directory."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def knows(self, host: str) -> bool:
        """Whether a host's vswitch is among them."""
        return host in self._paths

    async def trace(self, host: str, asked: Trace) -> str:
        """Return what it prints; raises MachineError where it cannot be asked."""
        path = self._paths[host]
        try:
            socket = vswitchd_socket(path) if path.is_dir() else path
            return await trace(socket, asked.bridge, asked.flow, asked.states)
        except UnixctlError as error:
            raise MachineError(f"the vswitch of host {host} cannot tell: {error}") from error
