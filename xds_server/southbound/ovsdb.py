"""The OVSDB side: database servers connect to us or we to them, and tell what OpenFlow cannot."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from xds_server.protocols.ovsdb.connection import Settings
from xds_server.protocols.ovsdb.findings import findings
from xds_server.protocols.ovsdb.mirror import Bridge, named_ports
from xds_server.protocols.ovsdb.operations import Operation
from xds_server.protocols.ovsdb.queue_findings import UNREACHED, ineffective
from xds_server.protocols.ovsdb.queueing import queueing
from xds_server.snapshots.evidence import Evidence
from xds_server.snapshots.queues import Queues
from xds_server.southbound.openflow_listen import listen, steady_clock
from xds_server.southbound.openflow_warnings import EVERY, Warnings
from xds_server.southbound.openflow_warnings import bridge as named
from xds_server.southbound.ovsdb_dial import Remote, dial
from xds_server.southbound.ovsdb_prepare import Advertised, Preparation
from xds_server.southbound.ovsdb_session import OvsdbError, OvsdbSession
from xds_server.southbound.ovsdb_write import Writer

_TICK = 0.5  # seconds between looks at the clock
_MOST_SESSIONS = 1024
_SESSION, _PREPARE = "ovsdb", "prepare"  # topics of warnings
_QUEUES, _QUEUEING = "queues", "queues-written"
_NOBODY: Mapping[str, str] = MappingProxyType({})
_NONE: Mapping[str, Queues] = MappingProxyType({})


class OvsdbServer:
    """Watches the databases of bridges (``ovs-vsctl set-manager tcp:HOST:6640``)."""

    def __init__(
        self,
        on_evidence: Callable[[Evidence], None],
        on_described: Callable[[int, str], None] | None = None,
        settings: Settings | None = None,
        clock: Callable[[], float] | None = None,
        on_named: Callable[[int, Mapping[str, str]], None] | None = None,
    ) -> None:
        """Report warnings to ``on_evidence``, and a line about every bridge to ``on_described``.

        ``on_named`` hears by which other names a bridge's interfaces go, iface-ids.

        ``OpenFlowServer.describe`` has the signature of ``on_described``: a bridge is connected
        when it speaks OpenFlow, so its database alone never says that it is.
        """
        self._on_described = on_described
        self._on_named = on_named
        self._settings = settings or Settings()
        self._clock = clock or steady_clock()
        self._hosts: dict[int, str] = {}
        self._sessions: set[OvsdbSession] = set()
        self._warnings = Warnings(on_evidence, self._clock)
        self._servers: list[asyncio.Server] = []
        self._dialing: list[asyncio.Task[None]] = []
        self._preparation: Preparation | None = None
        self._queues: Mapping[str, Queues] = {}  # by host
        self._writers = [
            Writer(self._queueing, partial(self._warn, _QUEUEING), "queues could not be made")
        ]
        self._ticker: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port (useful when ``port`` is 0).

        Raises MachineError when the machine does not let us.
        """
        server = await listen(self._session, host, port, tls, "OVSDB")
        self._servers.append(server)
        self._begin_to_tick()
        return int(server.sockets[0].getsockname()[1])

    def dial(self, remotes: Iterable[Remote], tls: ssl.SSLContext | None = None) -> None:
        """Keep a session with each of these database servers, too."""
        for remote in remotes:
            told = partial(self._warnings.tell, EVERY, f"{_SESSION} {remote}")
            self._dialing.append(asyncio.create_task(dial(remote, self._session, tls, told)))
        self._begin_to_tick()

    def prepare(self, advertised: Advertised, tunnel_type: str = "vxlan") -> None:
        """Set up every declared bridge from now on, as ``protocols.ovsdb.preparing`` says."""
        self._preparation = Preparation(advertised, tunnel_type)
        warn, failed = partial(self._warn, _PREPARE), "the bridge could not be set up"
        self._writers.append(Writer(self._preparation.missing, warn, failed))

    async def stop(self) -> None:
        """Stop listening and end every session."""
        if self._ticker is not None:
            self._ticker.cancel()
        for task in self._dialing:
            task.cancel()
        for writer in self._writers:
            writer.stop()
        for server in self._servers:
            server.close()
        self._hosts = {}  # an end that we bring about is nobody's trouble
        for session in list(self._sessions):
            session.close("this controller stops")
        await asyncio.sleep(0)  # let the transports tell their protocols

    def set_hosts(
        self,
        hosts: Mapping[int, str],
        tunnels: Mapping[str, str] = _NOBODY,
        queues: Mapping[str, Queues] = _NONE,
    ) -> None:
        """Say which datapath ids are declared, and by which host's name; takes effect at once.

        By host: ``tunnels``, the interface that is to be its tunnel, where it has one; ``queues``,
        those of its ports.
        """
        self._hosts, self._queues = dict(hosts), queues
        if self._preparation is not None:
            self._preparation.tunnels = dict(tunnels)
        self._warnings.keep(self._hosts.values())
        for number, name in self._hosts.items():
            if self._find(number) is None:
                self._warn(_QUEUES, name, UNREACHED if queues.get(name) else "")
        for session in list(self._sessions):
            self.described(session)

    def bridges(self) -> tuple[Bridge, ...]:
        """Return every bridge that a database describes, also those that nobody declared."""
        living = [s.connection for s in self._sessions if not s.connection.over]
        found = {b.datapath_id: b for one in living for b in one.bridges}
        return tuple(found[number] for number in sorted(found))

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

    async def requeue(self, datapath_id: int) -> None:
        """Put a bridge's queues right at once, also where others have taken their place.

        What its database refuses, or that there is none, is a warning.
        """
        found, host = self._find(datapath_id), self._hosts.get(datapath_id)
        if found is None or host is None:
            return
        session, bridge = found
        operations = queueing(bridge, self._queues.get(host, {}), displacing=True)
        try:
            if operations:
                await session.transact(operations, 10.0)
            self._warn(_QUEUEING, host, "")
        except (OvsdbError, TimeoutError) as error:
            text = str(error) or "no answer within 10 s"
            self._warn(_QUEUEING, host, f"queues could not be made: its database refuses: {text}")

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
            if self._on_named is not None:
                self._on_named(bridge.datapath_id, named_ports(bridge))
            unqueued = ineffective(bridge, self._queues.get(name, {}))
            for topic, finding in {**findings(bridge), _SESSION: "", _QUEUES: unqueued}.items():
                self._warnings.tell(named(name), topic, finding)
            for writer in self._writers:
                writer.described(session, bridge, name)

    def left(self, session: OvsdbSession) -> None:
        """Forget a session; its warnings stay, for nobody has mended anything."""
        self._sessions.discard(session)
        for bridge in session.connection.bridges:
            name = self._hosts.get(bridge.datapath_id)
            if name is not None and self._find(bridge.datapath_id) is None:
                text = f"its OVSDB session has ended ({session.reason}); waits for another one"
                self._warn(_SESSION, name, text)

    def _queueing(self, session: OvsdbSession, bridge: Bridge, host: str) -> tuple[Operation, ...]:
        del session
        return queueing(bridge, self._queues.get(host, {}))

    def _warn(self, topic: str, host: str, text: str) -> None:
        self._warnings.tell(named(host), topic, text)

    def _session(self) -> OvsdbSession:
        return OvsdbSession(self, self._settings, self._clock)

    def _find(self, datapath_id: int) -> tuple[OvsdbSession, Bridge] | None:
        for session in self._sessions:
            for bridge in session.connection.bridges:
                if bridge.datapath_id == datapath_id and not session.connection.over:
                    return session, bridge
        return None

    def _begin_to_tick(self) -> None:
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick(), name="ovsdb-ticker")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for session in list(self._sessions):
                session.tick()
