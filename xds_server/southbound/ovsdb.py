"""The OVSDB side: database servers connect to us, and tell what OpenFlow cannot."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from xds_server.controller.errors import MachineError
from xds_server.protocols.ovsdb.connection import Settings
from xds_server.protocols.ovsdb.findings import findings
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.snapshots.evidence import Device, DeviceKind, Evidence, Warned
from xds_server.southbound.openflow_listen import listen, steady_clock
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession

_TICK = 0.5  # seconds between looks at the clock
_MOST_SESSIONS = 1024


class OvsdbServer:
    """Watches the databases of bridges (``ovs-vsctl set-manager tcp:HOST:6640``)."""

    def __init__(
        self,
        on_evidence: Callable[[Evidence], None],
        on_described: Callable[[int, str], None] | None = None,
        settings: Settings | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Report warnings to ``on_evidence``, and a line about every bridge to ``on_described``.

        ``OpenFlowServer.describe`` has the signature of ``on_described``: a bridge is connected
        when it speaks OpenFlow, so its database alone never says that it is.
        """
        self._on_evidence = on_evidence
        self._on_described = on_described
        self._settings = settings or Settings()
        self._clock = clock or steady_clock()
        self._hosts: dict[int, str] = {}
        self._sessions: set[OvsdbSession] = set()
        self._warnings: dict[tuple[Device, str], str] = {}
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port (useful when ``port`` is 0).

        Raises MachineError when the machine does not let us.
        """
        server = await listen(self._session, host, port, tls, "OVSDB")
        self._servers.append(server)
        self._begin_to_tick()
        return int(server.sockets[0].getsockname()[1])

    async def connect(self, path: str) -> None:
        """Connect to a database server's Unix socket on this machine.

        Raises MachineError when it is not there or not ours to use.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.create_unix_connection(self._session, path)
        except OSError as error:
            text = f"cannot connect to the OVSDB socket {path}: {error.strerror or error}"
            raise MachineError(f"{text}; check that ovsdb-server runs and lets us in") from error
        self._begin_to_tick()

    async def stop(self) -> None:
        """Stop listening and end every session."""
        if self._ticker is not None:
            self._ticker.cancel()
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            session.close("this controller stops")
        await asyncio.sleep(0)  # let the transports tell their protocols

    def set_hosts(self, hosts: Mapping[int, str]) -> None:
        """Say which datapath ids are declared, and by which host's name; takes effect at once."""
        self._hosts = dict(hosts)
        for session in self._sessions:
            self.described(session)

    def bridge(self, datapath_id: int) -> Bridge | None:
        """Return what the database says about a bridge, or None if it is not connected."""
        found = self._find(datapath_id)
        return found[1] if found else None

    async def transact(
        self, datapath_id: int, *operations: dict[str, Any], timeout: float = 10.0
    ) -> list[Any]:
        """Run operations (RFC 7047 section 5.2) in the database of a bridge, all or none.

        Raises OvsdbError when there is no session or the database refuses, and TimeoutError.
        """
        found = self._find(datapath_id)
        if found is None:
            raise OvsdbError(
                f"no OVSDB session with the bridge {datapath_id:016x}; run ovs-vsctl set-manager"
            )
        return await found[0].transact(operations, timeout)

    def joined(self, session: OvsdbSession) -> None:
        """Take a new peer, unless there are too many."""
        self._sessions.add(session)
        if len(self._sessions) > _MOST_SESSIONS:
            session.close("too many OVSDB sessions")

    def described(self, session: OvsdbSession) -> None:
        """Tell what is new about the declared bridges of a session."""
        for bridge in session.connection.bridges:
            name = self._hosts.get(bridge.datapath_id)
            if name is None:
                continue
            if self._on_described is not None and bridge.ovs_version:
                text = f"bridge {bridge.name}, Open vSwitch {bridge.ovs_version}"
                self._on_described(bridge.datapath_id, text)
            self._warn(Device(DeviceKind.BRIDGE, name), findings(bridge))

    def left(self, session: OvsdbSession) -> None:
        """Forget a session; its warnings stay, for nobody has mended anything."""
        self._sessions.discard(session)

    def _session(self) -> OvsdbSession:
        return OvsdbSession(self, self._settings, self._clock)

    def _find(self, datapath_id: int) -> tuple[OvsdbSession, Bridge] | None:
        for session in self._sessions:
            for bridge in session.connection.bridges:
                if bridge.datapath_id == datapath_id and not session.connection.over:
                    return session, bridge
        return None

    def _warn(self, device: Device, found: Mapping[str, str]) -> None:
        for topic, text in found.items():
            if self._warnings.get((device, topic), "") != text:
                self._warnings[device, topic] = text
                self._on_evidence(Warned(device, self._clock(), text, topic))

    def _begin_to_tick(self) -> None:
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick(), name="ovsdb-ticker")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for session in list(self._sessions):
                session.tick()
