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
    argv = [*_agent("switch", controller, switch.name), "--state", str(layout.run / "agents")]
    argv += ["--vty-dir", where, "--config-dir", where]
    return switch.namespace.spawn(argv, layout.root / f"{switch.name}-agent.log")


def start_host_agent(
    layout: Layout, controller: Controller, vswitch: Vswitch, host: Host
) -> subprocess.Popen[bytes]:
    """Start ``fsdn agent --role host``; two of them on a machine need two proxy namespaces."""
    address = layout.controller
    argv = [*_agent("host", controller, host.name), "--datapath", "netdev"]
    argv += ["--state", str(layout.directory(host.name) / "agent"), "--envoy", ENVOY]
    argv += ["--xds", f"{address}:{XDS}", "--concurrency", "1"]
    argv += ["--openflow", f"tcp:{address}:{OPENFLOW}", "--ovsdb", f"tcp:{address}:{OVSDB}"]
    argv += ["--proxy-namespace", layout.proxy(host.name).name]
    log = layout.root / f"{host.name}-agent.log"
    return vswitch.namespace.spawn(argv, log, vswitch.environment)


def _agent(role: str, controller: Controller, name: str) -> list[str]:
    argv = [FSDN, "agent", "--role", role, "--name", name, "--api", controller.api]
    return [*argv, "--token-file", str(controller.token_file)]
