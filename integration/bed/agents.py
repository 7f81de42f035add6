"""The agents of the bed's devices, each started in its device's namespace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from integration.bed.controller import FSDN, OPENFLOW, OVSDB, XDS, Controller
from integration.bed.fabric import BedSwitch
from integration.bed.layout import Layout
from integration.bed.vswitch import Vswitch
from translators.plan.model import Host

ENVOY = str(Path(sys.executable).with_name("envoy"))


def start_switch_agent(
    layout: Layout, controller: Controller, switch: BedSwitch
) -> subprocess.Popen[bytes]:
    """Start ``fsdn agent --role switch`` for one switch of the fabric."""
    where = str(switch.directory)
    state = str(layout.run / "agents" / switch.name)
    argv = [FSDN, "agent", "--role", "switch", "--name", switch.name, "--agent-state", state]
    argv += ["--vty-dir", where, "--config-dir", where]
    log = layout.root / f"{switch.name}-agent.log"
    return switch.namespace.spawn(argv, log, _server(controller))


def start_host_agent(
    layout: Layout, controller: Controller, vswitch: Vswitch, host: Host
) -> subprocess.Popen[bytes]:
    """Start ``fsdn agent --role host``; two of them on a machine need two proxy namespaces."""
    address = layout.controller
    state = str(layout.directory(host.name) / "agent")
    argv = [FSDN, "agent", "--role", "host", "--name", host.name, "--agent-state", state]
    argv += ["--datapath", "netdev", "--envoy", ENVOY, "--concurrency", "1"]
    argv += ["--xds", f"{address}:{XDS}", "--openflow", f"tcp:{address}:{OPENFLOW}"]
    argv += ["--ovsdb", f"tcp:{address}:{OVSDB}"]
    argv += ["--proxy-namespace", layout.proxy(host.name).name]
    log = layout.root / f"{host.name}-agent.log"
    return vswitch.namespace.spawn(argv, log, {**vswitch.environment, **_server(controller)})


def _server(controller: Controller) -> dict[str, str]:
    return {"FSDN_API": controller.api, "FSDN_TOKEN_FILE": str(controller.token_file)}
