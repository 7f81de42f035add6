"""The server put together; the only place where objects meet."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
import uvloop

from translators.envoy.filters.access_log import Logged
from xds_server.api.app import create_app
from xds_server.api.listen import ApiServer, api_server, bound
from xds_server.api.probes import probes
from xds_server.api.sources import Sources
from xds_server.bridge_ports import open_ports, session_settings
from xds_server.bridge_settings import sockets_of
from xds_server.controller.blame import located
from xds_server.controller.errors import MachineError, RefusedError, StoreError
from xds_server.controller.service import Controller
from xds_server.controller.state import Owning
from xds_server.cycles import collect_at_rest, collect_rarely
from xds_server.folders import Folders, resource_folder, secret_folder
from xds_server.health_memory import HealthMemory
from xds_server.heap import Freed, share_heap
from xds_server.hearing import Hearing
from xds_server.journal import configure, record_all
from xds_server.protocols.openflow.codec import PacketIn
from xds_server.protocols.xds.secrets import SecretKeeper
from xds_server.reporting import Reporting, XdsPort, reporting
from xds_server.settings import Listen, ServerSettings
from xds_server.snapshots.evidence import Evidence
from xds_server.southbound.envoy_judge import chosen
from xds_server.southbound.grpc_ads import AdsServer, ListenError
from xds_server.southbound.openflow_tcp import OpenFlowServer
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.unixctl_near import NearVswitches
from xds_server.southbound.worker_pool import WorkerPool
from xds_server.store.engine import open_engine
from xds_server.store.repository import SqlRepository
from xds_server.store.secret_files import version_key
from xds_server.store.state_dir import prepare, remove_endpoints, token_of, write_endpoints
from xds_server.xds_port import ads_settings

_log = structlog.get_logger("fsdn.server")
# A thread that compiles keeps the event loop from devices so long, where both have something to do.
# Of 500 policies at first that was 10 ms with Python's own 5.
_TURN_SECONDS = 0.0005
_GRACE_SECONDS = 2.0  # for streams to end once we stop


@dataclass(frozen=True, slots=True)
class Southbound:
    """The three listeners for devices."""

    xds: XdsPort
    openflow: OpenFlowServer
    ovsdb: OvsdbServer
    reports: Reporting
    folders: Folders
    memory: HealthMemory
    hearing: Hearing


def run(settings: ServerSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    The settings have been checked. Raises MachineError when it cannot start, with the mend.
    """
    share_heap()
    sys.setswitchinterval(_TURN_SECONDS)
    configure(settings.log_format, settings.log_level)
    with prepare(settings.state):
        uvloop.run(_serve(settings))


async def _serve(settings: ServerSettings) -> None:
    engine = await open_engine(settings.database_url)
    try:
        controller, southbound = _assemble(settings, SqlRepository(engine))
        controller.judge = await chosen(settings.envoy)
        await _start(controller)
        await southbound.folders.open()
        southbound.memory.recall()
        collect_rarely()
        await _run(settings, controller, southbound)
        southbound.hearing.close()
        await controller.ledger.close(controller.state)
    finally:
        await engine.dispose()


def _answer(controller: Controller, host: str, packet: PacketIn) -> None:
    """Hand on what a bridge sent us to whoever answers packets of its kind."""
    controller.cuts.punted(host, packet)
    controller.expiry.punted(host, packet)


def _assemble(settings: ServerSettings, repository: SqlRepository) -> tuple[Controller, Southbound]:
    clock = _steady_clock()
    reports = reporting(settings, clock)

    def record(heard: Sequence[Evidence]) -> None:
        record_all(located(controller.state.plan, one) for one in heard)
        reports.sources.meters.hear(heard)

    hearing = Hearing(record, lambda event: controller.feed(event))
    heard = hearing.hear
    at = ads_settings(settings)
    xds: XdsPort = (
        AdsServer(at, heard, clock, reports.services)
        if settings.xds_workers == 1
        else WorkerPool(at, settings.xds_workers, heard, clock, reports.reports)
    )
    at_bridges = session_settings(settings, clock)
    openflow = OpenFlowServer(
        heard,
        at_bridges,
        clock=clock,
        on_packet=lambda host, packet: _answer(controller, host, packet),
    )
    ovsdb = OvsdbServer(heard, openflow.describe, clock=clock, on_named=openflow.name_ports)
    meters = reports.sources.meters
    logged = Logged.REPORTED if settings.access_logs else Logged.DENIED
    keeper = SecretKeeper(xds)
    controller = Controller(repository, keeper, openflow, ovsdb, clock, meters, logged)
    controller.drift.interval = settings.drift_interval
    controller.tracer.near = NearVswitches(sockets_of(settings.vswitch_sockets))
    controller.counting.interval = settings.count_interval
    reports.attach(xds, controller)
    folders = reports.sources.folders
    folders.resources = resource_folder(settings.resources, controller, reports.reports.health)
    key = partial(version_key, settings.state)

    def owning(nodes: frozenset[str]) -> None:
        controller.feed(Owning(nodes, clock()))

    folders.secrets = secret_folder(settings.secrets, keeper, key, clock, owning)
    memory = HealthMemory(settings.state, reports.reports.health, clock)
    return controller, Southbound(xds, openflow, ovsdb, reports, folders, memory, hearing)


async def _start(controller: Controller) -> None:
    try:
        await controller.start()
    except StoreError as error:
        raise MachineError(f"cannot read the stored policy: {error}") from error
    except RefusedError as error:
        found = "; ".join(str(diagnostic) for diagnostic in error.diagnostics)
        raise MachineError(
            f"the stored policy does not compile with this version of fsdn: {found}; run the "
            "version that stored it, mend the policy there, then upgrade"
        ) from error


async def _run(settings: ServerSettings, controller: Controller, southbound: Southbound) -> None:
    """Listen, work, and stop in the opposite order once a signal asks for it."""
    stop = _stop_signal()
    reported = southbound.reports.sources
    servers = _servers(settings, controller, reported)
    ports = await _listen(settings, southbound)
    ports["api"] = servers[0][1].getsockname()[1]
    _announce(settings, ports)
    try:
        async with asyncio.TaskGroup() as group:
            jobs = (
                controller.run(),
                southbound.folders.watch(),
                southbound.memory.keep(),
                collect_at_rest(lambda: controller.busy),
                Freed().give_back(),
            )
            working = [group.create_task(job) for job in jobs]
            for server, bound_to in servers:
                group.create_task(server.serve(sockets=[bound_to]))
            serving = [server for server, _ in servers]
            group.create_task(_drain(stop, controller, serving, working, reported))
    finally:
        remove_endpoints(settings.state)
        await _close(southbound)


def _servers(
    settings: ServerSettings, controller: Controller, reported: Sources
) -> list[tuple[ApiServer, socket.socket]]:
    """Return the API's server and, if there is an address for them, that of probes; bound."""
    at = settings.listeners["api"]
    app = create_app(controller, token_of(settings.state), settings.body_limit, reported)
    api = api_server(app, settings.tls_cert, settings.tls_key, settings.tls_ca)
    found = [(api, bound(at.host, at.port))]
    if (health := settings.health) is not None:
        plain = api_server(probes(controller), None, None, None)
        found.append((plain, bound(health.host, health.port, "probes", "--health")))
    return found


async def _drain(
    stop: asyncio.Event,
    controller: Controller,
    servers: Sequence[ApiServer],
    working: Sequence[asyncio.Task[None]],
    reported: Sources,
) -> None:
    await stop.wait()
    _log.info("stopping")
    controller.close()
    reported.logs.close()
    for server in servers:
        server.should_exit = True
    for job in working:
        job.cancel()


async def _listen(settings: ServerSettings, southbound: Southbound) -> dict[str, int]:
    """Open the three listeners for devices; what was opened is closed if another cannot be."""
    tls = _tls_context(settings)
    try:
        xds = await southbound.xds.start()
        bridges = await open_ports(settings, southbound.openflow, southbound.ovsdb, tls)
        return {"xds": xds, **bridges}
    except ListenError as error:
        await _close(southbound)
        raise MachineError(str(error)) from error
    except MachineError:
        await _close(southbound)
        raise


async def _close(southbound: Southbound) -> None:
    await southbound.ovsdb.stop()
    await southbound.openflow.stop()
    await southbound.xds.stop(_GRACE_SECONDS)


def _announce(settings: ServerSettings, ports: dict[str, int]) -> None:
    at = {name: Listen(address.host, ports[name]) for name, address in settings.listeners.items()}
    scheme = "http" if settings.tls_cert is None else "https"
    endpoints = {name: str(address) for name, address in at.items()}
    endpoints["api"] = f"{scheme}://{at['api']}"
    write_endpoints(settings.state, {**endpoints, "pid": os.getpid()})
    _log.info("listening", state=str(settings.state), **endpoints)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _tls_context(settings: ServerSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
        if settings.tls_ca is not None:
            context.load_verify_locations(settings.tls_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise MachineError(f"cannot use the TLS files: {error}, give PEM files") from error
    return context


def _steady_clock() -> Callable[[], float]:
    """Seconds since the epoch that never jump when the machine's time is set."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset
