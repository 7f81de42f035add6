"""Each bridge on the way is asked once, by its socket or its agent, and every refusal is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import shop_plan
from tests.traces import printed
from translators.openflow.frames import synthetic_ports
from translators.openflow.live import Probe, World, compared, probe
from translators.openflow.simulate import simulate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP
from xds_server.controller.bridges import translation
from xds_server.controller.errors import MachineError
from xds_server.controller.host_agents import AgentAwayError, Answer, HostAgents, Trace
from xds_server.controller.tracing import Tracer, UntraceableError

PLAN = shop_plan()
WORLD = World(PLAN, {name: synthetic_ports(PLAN, name) for name in PLAN.host})
WEB = PLAN.endpoint["shop/web"]
STOCK = Packet("shop/web", WEB.addresses[0], ip_address("10.10.0.201"), TCP, 40000, 80)


def _done(asked: Probe) -> str:
    return printed(simulate(asked.program, asked.frame, found=asked.found))


class Near:
    """A vswitch of one host that does what it should."""

    def __init__(self, host: str, text: str) -> None:
        self.host, self.text = host, text
        self.asked: list[Trace] = []

    def knows(self, host: str) -> bool:
        return host == self.host

    async def trace(self, host: str, asked: Trace) -> str:
        assert host == self.host
        self.asked.append(asked)
        return self.text


def test_a_socket_is_asked_first_and_the_agent_where_there_is_none() -> None:
    here = probe(WORLD, STOCK)
    there = compared(WORLD, here, _done(here)).onward
    assert there is not None
    near = Near("host1", _done(here))

    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host2", 0)
        asking = asyncio.create_task(Tracer(agents, near).compared(WORLD, STOCK, False))
        question = await agents.question("host2", 5)
        assert question is not None
        assert question.what == Trace("br-int", there.flow, there.states)
        agents.answer("host2", question.number, Answer(text=_done(there)))
        first, second = await asking
        assert (first.host.name, second.host.name) == ("host1", "host2")
        assert first.same
        assert second.same

    asyncio.run(scene())
    assert near.asked == [Trace("br-int", here.flow, here.states)]


def test_an_agent_that_cannot_trace_is_to_be_updated() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host1", 0)
        asking = asyncio.create_task(Tracer(agents).compared(WORLD, STOCK, False))
        question = await agents.question("host1", 5)
        assert question is not None
        agents.answer("host1", question.number, Answer())
        with pytest.raises(MachineError, match="older than this server: update it"):
            await asking

    asyncio.run(scene())


def test_what_cannot_be_asked_or_read_is_a_sentence() -> None:
    async def asked(world: World, near: Near | None, established: bool = False) -> None:
        tracer = Tracer(HostAgents(lambda: 0.0), near)
        packet = replace(STOCK, destination=ip_address("10.10.0.31")) if established else STOCK
        await tracer.compared(world, packet, established)

    with pytest.raises(AgentAwayError, match="fsdn agent --role host --name host1"):
        asyncio.run(asked(WORLD, None))
    with pytest.raises(MachineError, match=r"cannot be read: .*3\.1 is the oldest"):
        asyncio.run(asked(WORLD, Near("host1", "nonsense")))
    with pytest.raises(UntraceableError, match="ports of host host1's bridge are not known"):
        asyncio.run(asked(World(PLAN, {}), None))
    with pytest.raises(UntraceableError, match="would commit no such connection"):
        asyncio.run(asked(WORLD, None, established=True))


def test_a_world_lasts_until_something_changes() -> None:
    tracer = Tracer(HostAgents(lambda: 0.0))
    plan, ports = WORLD.plan, WORLD.ports
    made = {"host1": translation(plan, "host1", ports["host1"])}
    world = tracer.world(plan, ports, made)
    assert world.held == {"host1": made["host1"].bridge}
    assert tracer.world(plan, ports, made) is world
    for other in ((replace(plan), ports, made), (plan, dict(ports), made), (plan, ports, {})):
        assert tracer.world(*other) is not world
