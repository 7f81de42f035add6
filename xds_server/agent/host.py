"""The host agent: it makes a machine ready for policy, and keeps its Envoy running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import httpx
import structlog

from translators.envoy.bootstrap import TlsPaths, bootstrap
from xds_server.agent.api_tls import SYSTEM, ApiTls
from xds_server.agent.client import agent_client
from xds_server.agent.host_commands import Command, Controllers, Datapath, HostFacts, commands
from xds_server.agent.host_envoy import EnvoyPlace, settle, watch
from xds_server.agent.host_errors import HostAgentError
from xds_server.agent.host_facts import PATIENCE, ask, await_facts, kept, token
from xds_server.agent.host_queues import Sorter
from xds_server.agent.host_relay import relay
from xds_server.agent.host_sessions import Teller, Tracked
from xds_server.southbound.unixctl import run_directory

PACKAGES = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "sysctl": "procps",
    "ethtool": "ethtool",
    "ovs-vsctl": "openvswitch-switch",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HostAgentSettings:
    """What the agent is told on its command line.

    ``xds`` is ``ADDRESS:PORT``; ``controllers`` as ``ovs-vsctl`` takes them; ``api_tls`` is
    for the REST server, ``tls`` is Envoy's own identity; ``state`` holds the saved facts, Envoy's
    bootstrap, log and process id, and two sockets.
    """

    name: str
    api: str
    token_file: Path
    xds: str
    controllers: Controllers
    state: Path
    datapath: Datapath = Datapath.SYSTEM
    namespace: str = "fsdn-proxy"
    envoy: str = "envoy"
    concurrency: int = 0
    api_tls: ApiTls = SYSTEM
    tls: TlsPaths | None = None
    ovs: Path = field(default_factory=run_directory)

    @property
    def socket(self) -> Path:
        """The Unix socket by which Envoy reaches the controller."""
        return self.state / "xds.sock"

    @property
    def place(self) -> EnvoyPlace:
        """Where Envoy runs."""
        return EnvoyPlace(self.envoy, self.namespace, self.state.absolute(), self.concurrency)


def run_host_agent(settings: HostAgentSettings) -> None:
    """Prepare the host, then keep Envoy and its way to the controller up until a signal.

    Raises HostAgentError or ApiTlsError, whose message is one sentence with the mend.
    """
    check_means(settings)
    settings.state.mkdir(parents=True, exist_ok=True)
    with _client(settings) as client:
        facts = await_facts(client, settings.name, _saved(settings), random.Random())
    prepare(plain_commands(settings, facts))
    settle(settings.place, bootstrap_text(settings))
    log.info("prepared", host=settings.name, bridge=facts.bridge)
    asyncio.run(_serve(settings))


def show_host_commands(settings: HostAgentSettings) -> str:
    """Return the commands that the agent would run, as lines for a shell; nothing is run."""
    with _client(settings) as client:
        answer = ask(client, settings.name)
    facts = answer if isinstance(answer, HostFacts) else kept(_saved(settings))
    if facts is None:
        raise HostAgentError(str(answer))
    lines = [str(command) for command in plain_commands(settings, facts)]
    return "\n".join([*lines, shlex.join(settings.place.argv)]) + "\n"


def plain_commands(settings: HostAgentSettings, facts: HostFacts) -> tuple[Command, ...]:
    """Return what prepares this host."""
    return commands(facts, settings.controllers, settings.namespace, settings.datapath)


def prepare(steps: tuple[Command, ...]) -> None:
    """Run the commands in order, skipping what already holds; the first that fails stops it."""
    for step in steps:
        if step.unless and not _run(("sh", "-c", step.unless)).returncode:
            continue
        done = _run(step.argv)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise HostAgentError(f"`{step}` failed: {said}; run it by hand to see more")


def bootstrap_text(settings: HostAgentSettings) -> str:
    """Return Envoy's bootstrap for this host."""
    template = resources.files("envoy_configs").joinpath("node-proxy.yaml").read_text()
    host, port = _xds(settings)
    return bootstrap(
        template,
        node=settings.name,
        controller_host=host,
        controller_port=port,
        admin=str(settings.state.absolute() / "admin.sock"),
        tls=settings.tls,
        relay=str(settings.socket.absolute()),
    )


def check_means(settings: HostAgentSettings) -> None:
    """Refuse early, in one sentence, what would fail halfway: privilege and programs."""
    if os.geteuid() != 0:
        raise HostAgentError("the host agent makes a network namespace: run it as root")
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            raise HostAgentError(f"{program} is not installed: install the package {package}")
    if shutil.which(settings.envoy) is None:
        raise HostAgentError(f"there is no {settings.envoy}: install Envoy, or name it by --envoy")
    _xds(settings)


async def _serve(settings: HostAgentSettings) -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    host, port = _xds(settings)
    with contextlib.suppress(asyncio.CancelledError):  # a signal: Envoy runs on without us
        async with (
            relay(settings.socket, host, port),
            agent_client(settings.api, settings.token_file, settings.api_tls) as client,
            asyncio.TaskGroup() as group,
        ):
            teller = Teller(settings.name, client, Tracked(settings.ovs))
            group.create_task(teller.run())
            group.create_task(teller.watch())
            group.create_task(Sorter(settings.ovs).run())
            group.create_task(watch(settings.place, random.Random()))


def _client(settings: HostAgentSettings) -> httpx.Client:
    return httpx.Client(
        base_url=settings.api,
        headers={"authorization": f"Bearer {token(settings.token_file)}"},
        timeout=PATIENCE,
        verify=settings.api_tls.verify(),
    )


def _xds(settings: HostAgentSettings) -> tuple[str, int]:
    host, _, port = settings.xds.rpartition(":")
    if not host or not port.isdecimal():
        raise HostAgentError(f"{settings.xds} has no port: write the xDS server as ADDRESS:PORT")
    return host.strip("[]"), int(port)


def _saved(settings: HostAgentSettings) -> Path:
    return settings.state / "host.json"


def _run(argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False)
