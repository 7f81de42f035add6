"""What real bridges do with a packet, beside what was predicted: one question for each bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from translators.openflow.live import Compared, Probe, ProbeError, World, compared, probe
from translators.openflow.traced import TraceError
from translators.plan.evaluate import Packet
from translators.plan.model import Plan
from xds_server.controller.bridges import Ports, Translation
from xds_server.controller.errors import ControllerError, MachineError
from xds_server.controller.host_agents import HostAgents, Trace

Translations = Mapping[str, Translation]  # by host


class UntraceableError(ControllerError):
    """The packet cannot be asked about; the message says why, and the mend."""


class Near(Protocol):
    """Vswitches on this machine, whose control sockets we were told."""

    def knows(self, host: str) -> bool:
        """Whether a host's vswitch is among them."""

    async def trace(self, host: str, asked: Trace) -> str:
        """Return what it prints; raises MachineError where it cannot be asked."""


class Tracer:
    """Asks the vswitches: by control sockets that we were told, or else by the hosts' agents."""

    def __init__(self, agents: HostAgents, near: Near | None = None) -> None:
        self._agents = agents
        self.near = near
        self._world = World(Plan(), {})
        self._translations: Translations = {}

    def world(self, plan: Plan, ports: Mapping[str, Ports], translations: Translations) -> World:
        """Return what to ask about; the same while nothing has changed, with all that it keeps.

        ``translations`` are what bridges were sent, by host: those of this plan spare their own.
        """
        old = self._world
        same = old.plan is plan and old.ports is ports and self._translations is translations
        if not same:
            held = {host: made.bridge for host, made in translations.items()}
            self._world, self._translations = World(plan, ports, held), translations
        return self._world

    async def compared(
        self, world: World, packet: Packet, established: bool
    ) -> tuple[Compared, ...]:
        """Return what the bridges on a packet's way do, beside what they should.

        Raises UntraceableError, and MachineError where a host's vswitch cannot be asked.
        """
        try:
            asked: Probe | None = await asyncio.to_thread(probe, world, packet, established)
            found: list[Compared] = []
            while asked is not None and len(found) < 2:
                text = await self._trace(asked)
                found.append(await asyncio.to_thread(_compared, world, asked, text))
                asked = found[-1].onward
        except ProbeError as error:
            raise UntraceableError(str(error)) from error
        return tuple(found)

    async def _trace(self, asked: Probe) -> str:
        host = asked.host
        what = Trace(host.bridge, asked.flow, asked.states)
        if self.near is not None and self.near.knows(host.name):
            return await self.near.trace(host.name, what)
        answer = await self._agents.ask(host.name, what)
        if not answer.text:
            raise MachineError(
                f"the agent of host {host.name} traces no packets, it is older than this server:"
                " update it"
            )
        return answer.text


def _compared(world: World, asked: Probe, text: str) -> Compared:
    try:
        return compared(world, asked, text)
    except TraceError as error:
        raise MachineError(
            f"the vswitch of host {asked.host.name} prints a trace that cannot be read: {error};"
            " Open vSwitch 3.1 is the oldest that is understood"
        ) from error
