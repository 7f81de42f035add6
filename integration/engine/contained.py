"""The bed of containers in the terms of the bed of namespaces, so that claims are tried on both.

A namespace of this bed is inside a container: its commands go through ``docker exec``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration.bed.build import Bed
from integration.bed.controller import Controller
from integration.bed.fabric import BedSwitch
from integration.bed.layout import Layout
from integration.bed.netns import NETNS, BedError, Namespace
from integration.compose.node import PREFIX
from integration.compose.router import FRR
from translators.plan.model import Plan

PYTHON = "python3"


@dataclass(frozen=True, slots=True, order=True)
class Contained(Namespace):
    """A network namespace by its name inside a container; "" is the container's own."""

    container: str = ""

    def command(self, *argv: str) -> list[str]:
        """Return the command line that runs ``argv`` in here, with this program's own Python."""
        inside = [PYTHON if word == sys.executable else word for word in argv]
        enter = ["nsenter", f"--net={NETNS / self.name}", "--"] if self.name else []
        return ["docker", "exec", "-i", self.container, *enter, *inside]

    def ip(self, *lines: str) -> None:
        """Feed lines to one ``ip -batch`` in here."""
        self.run("ip", "-batch", "-", text="\n".join(lines) + "\n")


@dataclass(frozen=True, slots=True)
class Containers(Layout):
    """A plan laid out over containers, of which ``names`` says each by its service's name."""

    names: Mapping[str, str] = field(default_factory=dict)

    def namespace(self, *parts: str) -> Namespace:
        """Return the namespace of a host, a switch, or something on one of them."""
        return Contained("-".join((self.prefix, *parts)), self.names[self._holder(parts[0])])

    def _holder(self, name: str) -> str:
        """Return which service's container a thing is in, by its name without the tenant."""
        if name in self.names and name not in self._endpoints:
            return name
        if name in self._endpoints:
            return self._endpoints[name]
        return next(port.switch for port in self.bare_ports() if port.name == name)

    @property
    def _endpoints(self) -> dict[str, str]:
        return {e.name.partition("/")[2]: e.host for e in self.plan.endpoints}

    @property
    def management(self) -> Namespace:
        """Where commands are run that ask the controller."""
        return Contained("", self.names["controller"])


@dataclass(frozen=True, slots=True)
class ContainedController(Controller):
    """The controller in its container."""

    def fsdn(self, *arguments: str, may_fail: bool = False, text: str | None = None) -> str:
        """Run ``fsdn`` in the controller's container; BedError when it fails, unless it may."""
        command = self.layout.management.command("env", "NO_COLOR=1", "fsdn", *arguments)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode and not may_fail:
            said = (done.stderr + done.stdout).strip()
            raise BedError(f"`fsdn {' '.join(arguments)}` ended with {done.returncode}: {said}")
        return done.stdout

    def ask(self, path: str) -> Any:
        """Return the answer of its REST API to GET ``path``, asked as the controller's operator."""
        return json.loads(self.layout.management.run(PYTHON, "-m", "integration.compose.ask", path))


@dataclass(frozen=True, slots=True, order=True)
class ContainedSwitch(BedSwitch):
    """A switch in its container."""

    def vtysh(self, command: str) -> str:
        """Run one vtysh command and return what it prints."""
        where = str(self.directory)
        argv = ("vtysh", "--vty_socket", where, "--config_dir", where, "-c", command)
        return self.namespace.run(*argv)


class ContainedBed(Bed):
    """The bed of containers; it is raised and taken down by Compose."""

    @property
    def controller(self) -> Controller:
        """The controller, to ask it."""
        return ContainedController(self.layout)


def contained_bed(plan: Plan, names: Mapping[str, str], root: Path) -> ContainedBed:
    """Return the bed of these containers, by service; ``root`` is for what tests leave behind."""
    layout = Containers(plan, PREFIX, root, names)
    bed = ContainedBed(layout)
    for switch in plan.switches:
        namespace = layout.namespace(switch.name)
        bed.switches[switch.name] = ContainedSwitch(switch.name, namespace, FRR)
    return bed
