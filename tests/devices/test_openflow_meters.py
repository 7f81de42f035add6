"""Meters on a real bridge: made before their flows, changed under them, gone after them."""

from __future__ import annotations

import asyncio
import re
import struct

import pytest

from tests.devices.ovs_bridge import DATAPATH, Followed, apply, flow, following, output
from xds_server.snapshots.model import BridgeProgram, MeterEntry, program_of

pytestmark = pytest.mark.device


def _meter(number: int, rate: int) -> MeterEntry:
    band = struct.pack("!HHII4x", 1, 16, rate, 100)
    return MeterEntry(number, 1 | 4 | 8, band)  # kbps, burst, stats


def _metered(number: int) -> bytes:
    return apply(struct.pack("!HHI", 29, 8, number), output(1))


def _program(rate: int, *numbers: int) -> BridgeProgram:
    flows = [flow(number % 999, _metered(number), cookie=number % 999) for number in numbers]
    return program_of(flows, [], [_meter(number, rate) for number in numbers])


async def _install(bed: Followed, program: BridgeProgram) -> int:
    bed.server.publish(DATAPATH, program)
    return (await bed.acked(program.version)).written


async def _rates(bed: Followed) -> dict[str, str]:
    """Return meter to rate, as the bridge's own tool prints them."""
    text = await asyncio.to_thread(bed.ovs.ofctl, "dump-meters", "br0")
    return dict(re.findall(r"meter=(\d+).*?rate=(\d+)", text, re.DOTALL))


async def test_a_meter_comes_changes_and_goes_while_flows_stay() -> None:
    async with following() as bed:
        assert await _install(bed, _program(1000, 1, 2)) == 4
        assert await _rates(bed) == {"1": "1000", "2": "1000"}
        before = await bed.dump()
        assert await _install(bed, _program(500, 1, 2)) == 2  # the meters alone
        assert await _rates(bed) == {"1": "500", "2": "500"}
        assert await bed.dump() == before
        assert await _install(bed, _program(500, 2)) == 2
        assert await _rates(bed) == {"2": "500"}
        assert len(await bed.dump()) == 1


async def test_a_reconnect_writes_nothing_and_leaves_the_meters_of_others() -> None:
    async with following() as bed:
        program = _program(1000, 1)
        await _install(bed, program)
        foreign = "meter=99,kbps,band=type=drop,rate=7"
        await asyncio.to_thread(bed.ovs.ofctl, "add-meter", "br0", foreign)
        await bed.server.stop()
        await bed.start()
        assert await _install(bed, program) == 0
        await _install(bed, program_of([], []))
        assert await _rates(bed) == {"99": "7"}


async def test_a_bridge_that_refuses_a_meter_keeps_what_it_held_and_names_it() -> None:
    async with following() as bed:
        await _install(bed, _program(1000, 1))
        before = await bed.dump()
        too_high = 0xFFFF_0005  # above OFPM_MAX
        broken = _program(1000, 1, too_high)
        bed.server.publish(DATAPATH, broken)
        refusal = await bed.nacked(broken.version)
        assert refusal.resource == f"meter {too_high}"
        assert "METER_MOD_FAILED" in refusal.reason
        assert await bed.dump() == before
        assert await _install(bed, _program(800, 1)) == 1
