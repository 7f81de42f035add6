"""The shop's translated program on a real bridge: what it lists is what we wrote, byte for byte."""

from __future__ import annotations

import pytest

from tests.devices.ovs_bridge import DATAPATH, following
from tests.plans import shop_plan
from translators.openflow.encode import encode
from translators.openflow.translate import missing_ports, translate
from xds_server.snapshots.evidence import PortsChanged
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    program_of,
)

pytestmark = pytest.mark.device


def _program(host: str) -> BridgeProgram:
    plan = shop_plan()
    ports = {name: number for number, name in enumerate(missing_ports(plan, host, {}), 1)}
    encoded = encode(translate(plan, host, ports))
    flows = (
        FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
        for f in encoded.flows
    )
    groups = (GroupEntry(g.number, g.kind, g.buckets, g.properties) for g in encoded.groups)
    return program_of(flows, groups)


@pytest.mark.parametrize("host", [h.name for h in shop_plan().hosts])
async def test_the_bridge_lists_the_program_as_it_was_written(host: str) -> None:
    program = _program(host)
    async with following() as bed:
        await bed.until(lambda e: isinstance(e, PortsChanged))
        bed.server.publish(DATAPATH, program)
        written = (await bed.acked(program.version)).written
        assert written == len(program.flows) + len(program.groups) > 20
        before = await bed.dump()
        await bed.server.stop()
        await bed.start()
        bed.server.publish(DATAPATH, program)
        assert (await bed.acked(program.version)).written == 0
        assert await bed.dump() == before
