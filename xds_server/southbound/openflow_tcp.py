"""The OpenFlow listener: every declared bridge gets its program, and nobody else gets anything."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.openflow.connection import Settings
from xds_server.protocols.openflow.counters import Counters
from xds_server.protocols.openflow.drift import Deviation
from xds_server.protocols.openflow.orders import Order
from xds_server.snapshots.evidence import Connected, Device, Evidence, PortsChanged
from xds_server.snapshots.model import BridgeProgram
from xds_server.southbound.openflow_drift import drift_of
from xds_server.southbound.openflow_listen import listen, steady_clock
from xds_server.southbound.openflow_session import Limits, Session
from xds_server.southbound.openflow_warnings import EVERY, Warnings, bridge

_TICK = 0.5  # seconds between looks at the clock
_DUPLICATE_PATIENCE = 2.0  # seconds that a bridge has to show that it still lives
_UNKNOWN, _DUPLICATE, _CROWD = "unknown-bridge", "duplicate-bridge", "too-many-bridges"
_TURNED_AWAY = "handshake"
_CROWDED = "bridges are turned away: too many are connected without being declared"


class OpenFlowServer:
    """Serves bridges by OpenFlow 1.5; all methods belong to the thread of the event loop."""

    def __init__(
        self,
        on_evidence: Callable[[Evidence], None],
        settings: Settings | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] | None = None,
        on_packet: Callable[[str, PacketIn], None] | None = None,
    ) -> None:
        """Report to ``on_evidence``; packets that flows punt go to ``on_packet`` (host, packet)."""
        self._on_evidence = on_evidence
        self._on_packet = on_packet
        self._settings = settings or Settings()
        self._limits = limits or Limits()
        self._clock = clock or steady_clock()
        self._hosts: dict[int, str] = {}
        self._programs: dict[int, BridgeProgram] = {}
        self._details: dict[int, str] = {}
        self._names: dict[str, dict[str, str]] = {}  # by host: other names of its interfaces
        self._all: set[Session] = set()
        self._sessions: dict[int, Session] = {}  # those that told their datapath id
        self._warnings = Warnings(on_evidence, self._clock)
        self._turned_away = ""  # the machine of the last peer that could not say who it is
        self._server: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port (useful when ``port`` is 0).

        Raises MachineError when the machine does not let us.
        """
        self._server = await listen(self._session, host, port, tls, "OpenFlow")
        self._ticker = asyncio.create_task(self._tick(), name="openflow-ticker")
        self._ticker.add_done_callback(_loudly)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and end every session; the bridges keep their flows."""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._server is not None:
            self._server.close()
        for session in list(self._all):
            session.close("this controller stops")
        for _ in range(20):  # let the transports flush and say goodbye
            if not self._all:
                break
            await asyncio.sleep(0.01)

    def set_hosts(self, hosts: Mapping[int, str]) -> None:
        """Say which datapath ids are declared, and by which host's name; takes effect at once."""
        self._hosts = dict(hosts)
        self._programs = {i: p for i, p in self._programs.items() if i in self._hosts}
        for datapath_id, session in list(self._sessions.items()):
            device, name = session.connection.device, self._hosts.get(datapath_id)
            if device is None and name is not None:
                self._serve(session, datapath_id, name)
            elif device is not None and device.name != name:
                session.close("the bridge's host was renamed or is no longer declared")

    def publish(self, datapath_id: int, program: BridgeProgram) -> None:
        """Let the bridge hold exactly this program of ours from now on, also after reconnecting."""
        self._programs[datapath_id] = program
        session = self._sessions.get(datapath_id)
        if session is not None:
            session.perform(session.connection.run(program, self._clock()))

    def describe(self, datapath_id: int, text: str) -> None:
        """Add what another source knows of a bridge to what ``Connected`` says about it."""
        if self._details.get(datapath_id) == text:
            return
        self._details[datapath_id] = text
        session = self._sessions.get(datapath_id)
        if session is not None and session.connection.device is not None:
            detail = self._detail(session, datapath_id)
            self.report(Connected(session.connection.device, self._clock(), detail))

    def order(self, datapath_id: int, orders: Sequence[Order]) -> bool:
        """Tell a bridge what is no part of its program; return whether it is connected."""
        session = self._sessions.get(datapath_id)
        if session is None or session.connection.device is None:
            return False
        session.perform(session.connection.order(orders))
        return True

    def name_ports(self, datapath_id: int, names: Mapping[str, str]) -> None:
        """Say by which other names a declared bridge's interfaces go: name to interface."""
        host = self._hosts.get(datapath_id, "")
        if self._names.get(host, {}) == names:
            return
        self._names[host] = dict(names)
        session = self._sessions.get(datapath_id)
        ports = None if session is None else session.connection.ports
        if ports is not None:
            self.report(PortsChanged(bridge(host), self._clock(), ports))

    def resync(self, datapath_id: int, sweep: bool = False) -> None:
        """Compare a connected bridge with its program anew, and mend what differs.

        ``sweep``: what others wrote is removed, too, except in spared tables.
        """
        session = self._sessions.get(datapath_id)
        if session is not None:
            session.perform(session.connection.resync(self._clock(), sweep))

    async def drift(self, datapath_id: int, timeout: float = 30.0) -> tuple[Deviation, ...] | None:
        """Return how a bridge differs from its program; None if it is away or has none yet.

        Raises TimeoutError when it does not answer, or is changed all the time, for ``timeout``
        seconds.
        """
        session = self._sessions.get(datapath_id)
        if session is None or session.connection.device is None:
            return None
        return await drift_of(session, self._settings.owner, timeout)

    async def counters(self, datapath_id: int, timeout: float = 10.0) -> Counters | None:
        """Return what a bridge counted; None when it is not connected.

        Raises TimeoutError when a connected bridge does not answer within ``timeout`` seconds.
        """
        session = self._sessions.get(datapath_id)
        if session is None or session.connection.device is None:
            return None
        return await session.counters(timeout)

    def joined(self, session: Session) -> None:
        """Take a new peer, unless there are too many."""
        self._all.add(session)
        strangers = sum(peer.connection.device is None for peer in self._all)
        if strangers <= self._limits.strangers and len(self._all) <= self._limits.sessions:
            self._warnings.tell(EVERY, _CROWD, "")
            return
        self._warnings.tell(EVERY, _CROWD, _CROWDED)
        session.close(_CROWDED)

    def identified(self, session: Session, datapath_id: int) -> None:
        """Serve a declared bridge; report a stranger and let it wait; refuse a second one."""
        if _machine(session) == self._turned_away:
            self._warnings.tell(EVERY, _TURNED_AWAY, "")
        first = self._sessions.get(datapath_id)
        name = self._hosts.get(datapath_id)
        if first is not None and first.closing:
            first.abort()
        elif first is not None:
            self._refuse(session, first, datapath_id)
            return
        self._sessions[datapath_id] = session
        if name is None:
            text = (
                f"a bridge with datapath id {datapath_id:016x} connected from {session.address}; "
                "declare a Host with this datapathId to serve it"
            )
            self._warnings.tell(_stranger(datapath_id), _UNKNOWN, text)
        else:
            self._serve(session, datapath_id, name)

    def left(self, session: Session) -> None:
        """Forget a session."""
        self._all.discard(session)
        datapath_id = session.connection.datapath_id
        if datapath_id is None and session.reason not in ("", _CROWDED) and self._listening():
            text = f"{session.address} was turned away: {session.reason}"
            self._turned_away = _machine(session)
            self._warnings.tell(EVERY, _TURNED_AWAY, text)
        if datapath_id is None or self._sessions.get(datapath_id) is not session:
            return
        del self._sessions[datapath_id]
        self._warnings.tell(_stranger(datapath_id), _UNKNOWN, "")

    def report(self, evidence: Evidence) -> None:
        """Pass evidence on; ports with their other names."""
        if isinstance(evidence, PortsChanged):
            names, ports = self._names.get(evidence.device.name, {}), evidence.ports
            more = {alias: ports[name] for alias, name in names.items() if name in ports}
            evidence = replace(evidence, ports={**ports, **more}) if more else evidence
        self._on_evidence(evidence)

    def punted(self, session: Session, packet: PacketIn) -> None:
        """Pass a punted packet on."""
        device = session.connection.device
        if self._on_packet is not None and device is not None:
            self._on_packet(device.name, packet)

    def _listening(self) -> bool:
        return self._server is not None and self._server.is_serving()

    def _session(self) -> Session:
        return Session(self, self._settings, self._limits, self._clock)

    def _serve(self, session: Session, datapath_id: int, name: str) -> None:
        now, device = self._clock(), bridge(name)
        self._warnings.tell(_stranger(datapath_id), _UNKNOWN, "")
        self._warnings.tell(device, _DUPLICATE, "")
        detail = self._detail(session, datapath_id)
        session.perform(session.connection.admit(device, now, detail))
        program = self._programs.get(datapath_id)
        if program is not None:
            session.perform(session.connection.run(program, now))

    def _detail(self, session: Session, datapath_id: int) -> str:
        known = self._details.get(datapath_id, "")
        basis = f"datapath id {datapath_id:016x} from {session.address}, OpenFlow 1.5"
        return f"{basis}, {known}" if known else basis

    def _refuse(self, second: Session, first: Session, datapath_id: int) -> None:
        """Keep the first bridge, but make it prove soon that it is not a dead connection."""
        now = self._clock()
        text = (
            f"a second bridge with datapath id {datapath_id:016x} connected from "
            f"{second.address} and was refused; the first is {first.address}: "
            "give each bridge its own other-config:datapath-id"
        )
        device = first.connection.device or _stranger(datapath_id)
        self._warnings.tell(device, _DUPLICATE, text)
        second.close(text)
        first.perform(first.connection.probe(now, _DUPLICATE_PATIENCE))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for session in list(self._all):
                session.tick()


def _loudly(task: asyncio.Task[None]) -> None:
    """Let a bug of ours reach the loop's exception handler at once, not when memory is freed."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": f"{task} ended", "exception": error})


def _machine(session: Session) -> str:
    return session.address.rpartition(":")[0]


def _stranger(datapath_id: int) -> Device:
    return bridge(f"{datapath_id:016x}")
