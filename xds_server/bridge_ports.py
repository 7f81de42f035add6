"""The OpenFlow and OVSDB ports as the settings describe them."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from xds_server.bridge_settings import tables_of
from xds_server.controller.errors import MachineError
from xds_server.protocols.openflow.codec import Role
from xds_server.protocols.openflow.connection import Settings
from xds_server.protocols.openflow.inventory import Owner
from xds_server.settings import ServerSettings
from xds_server.southbound.openflow_tcp import OpenFlowServer
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_dial import RemoteError, parse_remotes
from xds_server.southbound.ovsdb_prepare import Advertised
from xds_server.store.state_dir import next_generation


def session_settings(settings: ServerSettings, clock: Callable[[], float]) -> Settings:
    """Return how OpenFlow sessions behave; as a primary, this start gets the next generation."""
    owner = Owner(spared=tables_of(settings.openflow_spared_tables))
    if settings.openflow_role == "equal":
        return Settings(owner)
    return Settings(owner, Role.PRIMARY, next_generation(settings.state, clock()))


async def open_ports(
    settings: ServerSettings,
    openflow: OpenFlowServer,
    ovsdb: OvsdbServer,
    tls: ssl.SSLContext | None,
) -> dict[str, int]:
    """Listen for bridges and their databases, dial those we are to dial, and return the ports.

    Raises MachineError when the machine does not let us.
    """
    at = settings.listeners
    port = await openflow.start(at["openflow"].host, at["openflow"].port, tls)
    if settings.prepare_bridges:
        here = at["openflow"].host
        advertised = Advertised(here, port, tls is not None, settings.bridge_target)
        ovsdb.prepare(advertised, settings.tunnel_type)
    database = await ovsdb.start(at["ovsdb"].host, at["ovsdb"].port, tls)
    try:
        ovsdb.dial(parse_remotes(settings.ovsdb_connect), _client(settings))
    except RemoteError as error:
        raise MachineError(str(error)) from error
    return {"openflow": port, "ovsdb": database}


def _client(settings: ServerSettings) -> ssl.SSLContext | None:
    """Return how to prove ourselves to database servers, whose names no certificate tells."""
    if settings.tls_cert is None or settings.tls_ca is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(settings.tls_ca))
    context.check_hostname = False  # as Open vSwitch itself does: the authority is what counts
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context
