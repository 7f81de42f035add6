"""A bridge compared over a real socket while it has no program, or goes away."""

import asyncio

from tests.conversations.openflow.tcp_bridge import TcpBridge
from tests.devices.ovs_bridge import flow
from tests.waiting import eventually
from xds_server.protocols.openflow.drift import Deviation, Kind
from xds_server.snapshots.evidence import Evidence
from xds_server.snapshots.model import program_of
from xds_server.southbound.openflow_tcp import OpenFlowServer


async def test_a_bridge_that_lists_nothing_misses_everything() -> None:
    seen: list[Evidence] = []
    server = OpenFlowServer(seen.append)
    port = await server.start("127.0.0.1", 0)
    server.set_hosts({0xAA: "host1"})
    assert await server.drift(0xAA) is None  # it is away
    bridge = await TcpBridge.to(port)
    task = asyncio.create_task(bridge.serve())
    server.publish(0xAA, program_of([flow(1)], []))
    await eventually(lambda: any(type(e).__name__ == "Acked" for e in seen))
    assert await server.drift(0xAA) == (Deviation(Kind.MISSING, flow(1)),)
    waiting = asyncio.create_task(server.drift(0xAA))
    await asyncio.sleep(0)
    bridge.writer.transport.abort()
    assert await waiting is None  # it went away meanwhile
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await server.stop()
