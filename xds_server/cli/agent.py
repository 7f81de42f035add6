"""fsdn agent: run beside a switch or on a host, and do there what the server wants."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from xds_server.cli import client
from xds_server.cli.context import shared
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.output import write
from xds_server.settings import OPENFLOW_PORT, OVSDB_PORT, XDS_PORT


class AgentRole(StrEnum):
    """What the agent drives."""

    SWITCH = "switch"
    HOST = "host"


class DatapathKind(StrEnum):
    """Where the host's Open vSwitch forwards."""

    SYSTEM = "system"
    NETDEV = "netdev"


HOST, SWITCH = "Host", "Switch"  # panels of the help


def agent(
    role: Annotated[AgentRole, typer.Option(help="What the agent drives.")],
    name: Annotated[str, typer.Option(help="Name of the Switch or Host document.")],
    agent_state: Annotated[
        Path | None,
        typer.Option(help="Directory of what the agent keeps.", show_default="/var/lib/fsdn/NAME"),
    ] = None,
    show: Annotated[
        bool, typer.Option("--print", help="Print the commands, run none.", rich_help_panel=HOST)
    ] = False,
    xds: Annotated[
        str,
        typer.Option(
            help="Where Envoy gets its resources, ADDRESS:PORT.",
            show_default="the API's address",
            rich_help_panel=HOST,
        ),
    ] = "",
    openflow: Annotated[
        str,
        typer.Option(
            help="Controller, as ovs-vsctl takes it.",
            show_default="the API's address",
            rich_help_panel=HOST,
        ),
    ] = "",
    ovsdb: Annotated[
        str,
        typer.Option(
            help="Manager, as ovs-vsctl takes it.",
            show_default="the API's address",
            rich_help_panel=HOST,
        ),
    ] = "",
    datapath: Annotated[
        DatapathKind, typer.Option(help="Where the bridge forwards.", rich_help_panel=HOST)
    ] = DatapathKind.SYSTEM,
    proxy_namespace: Annotated[
        str, typer.Option(help="Network namespace of the proxy.", rich_help_panel=HOST)
    ] = "fsdn-proxy",
    envoy: Annotated[str, typer.Option(help="Envoy's program.", rich_help_panel=HOST)] = "envoy",
    concurrency: Annotated[
        int, typer.Option(min=0, help="Envoy's workers, 0: one a core.", rich_help_panel=HOST)
    ] = 0,
    vty_dir: Annotated[
        Path, typer.Option(help="Directory of FRR's sockets.", rich_help_panel=SWITCH)
    ] = Path("/var/run/frr"),
    config_dir: Annotated[
        Path, typer.Option(help="Directory of FRR's configuration.", rich_help_panel=SWITCH)
    ] = Path("/etc/frr"),
) -> None:
    """Run an agent until SIGTERM; it waits for the server, and works on without it."""
    state = agent_state or Path("/var/lib/fsdn") / name
    if role is AgentRole.SWITCH:
        _switch(name, state, vty_dir, config_dir)
        return
    near = _near()
    _host(
        name=name,
        state=state,
        show=show,
        xds=xds or f"{near}:{XDS_PORT}",
        openflow=openflow or f"tcp:{near}:{OPENFLOW_PORT}",
        ovsdb=ovsdb or f"tcp:{near}:{OVSDB_PORT}",
        datapath=datapath,
        namespace=proxy_namespace,
        envoy=envoy,
        concurrency=concurrency,
    )


def _near() -> str:
    """The API's address, where a server's other listeners are too unless it was told otherwise."""
    host = urlsplit(client.address(shared.settings)).hostname or "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _token_file() -> Path:
    return shared.settings.token_file or shared.settings.state / "token"


def _host(
    *,
    name: str,
    state: Path,
    show: bool,
    xds: str,
    openflow: str,
    ovsdb: str,
    datapath: DatapathKind,
    namespace: str,
    envoy: str,
    concurrency: int,
) -> None:
    from xds_server.agent.host import HostAgentSettings, run_host_agent, show_host_commands
    from xds_server.agent.host_commands import Controllers, Datapath
    from xds_server.agent.host_errors import HostAgentError

    settings = HostAgentSettings(
        name=name,
        api=client.address(shared.settings),
        token_file=_token_file(),
        xds=xds,
        controllers=Controllers(openflow, ovsdb),
        state=state,
        datapath=Datapath(datapath.value),
        namespace=namespace,
        envoy=envoy,
        concurrency=concurrency,
        ca=shared.settings.ca_file,
    )
    try:
        if show:
            write(show_host_commands(settings).rstrip("\n"))
        else:
            run_host_agent(settings)
    except HostAgentError as error:
        raise Fail(str(error), Exit.MACHINE) from error


def _switch(name: str, state: Path, vty_dir: Path, config_dir: Path) -> None:
    raise Fail("the switch agent is not here", Exit.MACHINE)
