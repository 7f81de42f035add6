"""fsdn agent: run beside a switch or on a host, and do there what the server wants."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from xds_server.cli import bootstrap, client
from xds_server.cli.context import shared
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.output import write
from xds_server.defaults import OPENFLOW_PORT, OVSDB_PORT, XDS_PORT

if TYPE_CHECKING:  # half a second, which every other command would wait for
    from translators.envoy.bootstrap import TlsPaths


class AgentRole(StrEnum):
    """What the agent drives."""

    SWITCH = "switch"
    HOST = "host"


class DatapathKind(StrEnum):
    """Where the host's Open vSwitch forwards."""

    SYSTEM = "system"
    NETDEV = "netdev"


def _of_host(text: str, default: str = "") -> Any:
    shown = default or True
    return typer.Option(help=text, show_default=shown, rich_help_panel="Host")


_NEAR = "the API's address"
Role = Annotated[AgentRole, typer.Option(help="What the agent drives.")]
Name = Annotated[str, typer.Option(help="Name of the Switch or Host document.")]
Kept = Annotated[
    Path | None,
    typer.Option(help="Directory of what the agent keeps.", show_default="/var/lib/fsdn/NAME"),
]
Show = Annotated[
    bool, typer.Option("--print", help="Print the commands, run none.", rich_help_panel="Host")
]
Xds = Annotated[str, _of_host("Where Envoy gets its resources, ADDRESS:PORT.", _NEAR)]
Openflow = Annotated[str, _of_host("OpenFlow controller, as ovs-vsctl takes it.", _NEAR)]
Ovsdb = Annotated[str, _of_host("OVSDB manager, as ovs-vsctl takes it.", _NEAR)]
TlsCert = Annotated[Path | None, _of_host("Certificate chain (PEM) of Envoy and the vswitch.")]
TlsKey = Annotated[Path | None, _of_host("Private key (PEM) of that certificate.")]
TlsCa = Annotated[Path | None, _of_host("Authority (PEM) of the server's certificate.")]
Datapath = Annotated[DatapathKind, _of_host("Where the bridge forwards.")]
ProxyNamespace = Annotated[str, _of_host("Network namespace of the proxy.")]
Envoy = Annotated[str, _of_host("Envoy's program.")]
Concurrency = Annotated[int, _of_host("Envoy's workers; 0: one a core.")]
VtyDir = Annotated[Path, typer.Option(help="FRR's sockets.", rich_help_panel="Switch")]
ConfigDir = Annotated[Path, typer.Option(help="FRR's configuration.", rich_help_panel="Switch")]


def agent(
    role: Role,
    name: Name,
    agent_state: Kept = None,
    show: Show = False,
    xds: Xds = "",
    openflow: Openflow = "",
    ovsdb: Ovsdb = "",
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_ca: TlsCa = None,
    datapath: Datapath = DatapathKind.SYSTEM,
    proxy_namespace: ProxyNamespace = "fsdn-proxy",
    envoy: Envoy = "envoy",
    concurrency: Concurrency = 0,
    vty_dir: VtyDir = Path("/var/run/frr"),
    config_dir: ConfigDir = Path("/etc/frr"),
) -> None:
    """Run an agent until SIGTERM; it waits for the server, and works on without it."""
    state = agent_state or Path("/var/lib/fsdn") / name
    if role is AgentRole.SWITCH:
        _switch(name, state, vty_dir, config_dir)
        return
    near, tls = _near(), _tls(tls_cert, tls_key, tls_ca)
    way = "ssl" if tls else "tcp"
    _host(
        show,
        name=name,
        state=state,
        xds=xds or f"{near}:{XDS_PORT}",
        openflow=openflow or f"{way}:{near}:{OPENFLOW_PORT}",
        ovsdb=ovsdb or f"{way}:{near}:{OVSDB_PORT}",
        tls=tls,
        datapath=datapath.value,
        namespace=proxy_namespace,
        envoy=envoy,
        concurrency=concurrency,
    )


def _near() -> str:
    """The API's address, where a server's other listeners are too unless it was told otherwise."""
    host = urlsplit(client.address(shared.settings)).hostname or "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _tls(*files: Path | None) -> TlsPaths | None:
    """Envoy's and the vswitch's files, by absolute paths: both run elsewhere than the agent."""
    for file in files:
        if file is not None and not file.is_file():
            raise Fail(f"there is no file {file}, check the --tls options", Exit.USAGE)
    paths = [str(file.absolute()) if file else "" for file in files]
    return bootstrap.tls_paths(*paths)


def _host(show: bool, openflow: str, ovsdb: str, datapath: str, **rest: Any) -> None:
    from xds_server.agent.host import HostAgentSettings, run_host_agent, show_host_commands
    from xds_server.agent.host_commands import Controllers, Datapath
    from xds_server.agent.host_errors import HostAgentError

    settings = HostAgentSettings(
        api=client.address(shared.settings),
        token_file=client.token_file(shared.settings),
        controllers=Controllers(openflow, ovsdb, rest["tls"]),
        datapath=Datapath(datapath),
        api_tls=client.api_tls(shared.settings),
        **rest,
    )
    try:
        if show:
            write(show_host_commands(settings).rstrip("\n"))
        else:
            run_host_agent(settings)
    except HostAgentError as error:
        raise Fail(str(error), Exit.MACHINE) from error


def _switch(name: str, state: Path, vty_dir: Path, config_dir: Path) -> None:
    from xds_server.agent.switch import SwitchAgentSettings, run_switch_agent
    from xds_server.agent.switch_means import SwitchAgentError
    from xds_server.agent.switch_saved import SavedError

    settings = SwitchAgentSettings(
        name=name,
        api=client.address(shared.settings),
        token_file=client.token_file(shared.settings),
        state=state,
        vty_dir=vty_dir,
        config_dir=config_dir,
        api_tls=client.api_tls(shared.settings),
    )
    try:
        run_switch_agent(settings)
    except (SavedError, SwitchAgentError) as error:
        raise Fail(str(error), Exit.MACHINE) from error
    except OSError as error:
        raise Fail(f"the agent of {name} cannot go on: {error}", Exit.MACHINE) from error
