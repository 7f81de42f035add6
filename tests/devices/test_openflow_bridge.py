"""A real ovs-vswitchd follows our listener: what it holds, keeps, refuses and gets back."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
from dataclasses import replace

import pytest

from tests.devices.ovs_bridge import (
    DATAPATH,
    DROP,
    Followed,
    apply,
    flow,
    following,
    group,
    output,
    to_group,
)
from tests.waiting import PATIENCE
from xds_server.protocols.openflow.codec import Role
from xds_server.protocols.openflow.connection import Settings
from xds_server.snapshots.evidence import Connected, Disconnected, Nacked, PortsChanged, Warned
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, program_of

pytestmark = pytest.mark.device

GROUPS = (group(7, 2), group(8, 1))


def _many(count: int = 1000) -> list[FlowEntry]:
    """Return flows that output, drop, and point to both groups."""
    actions = (apply(output(1)), DROP, apply(to_group(7)), apply(to_group(8)))
    return [flow(port, actions[port % 4], cookie=port) for port in range(1, count + 1)]


def _program(flows: list[FlowEntry]) -> BridgeProgram:
    return program_of(flows, GROUPS)


async def _install(bed: Followed, program: BridgeProgram) -> int:
    bed.server.publish(DATAPATH, program)
    return (await bed.acked(program.version)).written


async def _ages(bed: Followed) -> dict[str, float]:
    """Return cookie to the flow's age in seconds."""
    text = await asyncio.to_thread(bed.ovs.ofctl, "dump-flows", "br0")
    return {m[1]: float(m[2]) for m in re.finditer(r"cookie=(\w+), duration=([\d.]+)s", text)}


async def _udp(bed: Followed, port: int) -> None:
    packet = f"in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),\
ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1,dst={port})"
    await asyncio.to_thread(bed.ovs.call, "netdev-dummy/receive", "web", packet)


async def _counted(bed: Followed, cookie: int, packets: int) -> None:
    async with asyncio.timeout(PATIENCE):  # the vswitch collects from its cache every second or so
        while True:
            counters = await bed.server.counters(DATAPATH)
            if counters is not None and counters.of(cookie)[0] == packets:
                return
            await asyncio.sleep(0.1)


async def test_one_change_writes_one_flow_and_the_counters_of_others_survive() -> None:
    async with following() as bed:
        flows = _many()
        ports = await bed.until(lambda e: isinstance(e, PortsChanged))
        assert isinstance(ports, PortsChanged)
        assert {"web": 1, "db": 2}.items() <= ports.ports.items()
        assert await _install(bed, _program(flows)) == 1002
        assert len(await bed.dump()) == 1000
        for _ in range(3):
            await _udp(bed, 5)
        await _counted(bed, flows[4].cookie, 3)
        before = await bed.dump()
        flows[8] = flow(9, apply(output(2)), cookie=9)
        assert await _install(bed, _program(flows)) == 1
        after = await bed.dump()
        assert len(set(before) ^ set(after)) == 2
        assert next(line for line in after if line not in before).endswith("actions=output:2")
        await _counted(bed, flows[4].cookie, 3)


async def test_a_reconnect_writes_nothing_and_no_flow_is_younger() -> None:
    async with following() as bed:
        program = _program(_many())
        await _install(bed, program)
        await bed.server.stop()
        ages = await _ages(bed)
        await bed.start()
        assert await _install(bed, program) == 0
        now = await _ages(bed)
        assert all(now[cookie] >= age for cookie, age in ages.items())
        assert len(now) == len(ages) == 1000


async def test_a_bad_flow_discards_the_whole_bundle_and_is_named() -> None:
    async with following() as bed:
        good = _program(_many(50))
        await _install(bed, good)
        before = await bed.dump()
        bad = FlowEntry(FlowKey(0, 7, b"\x80\x00\xff\xff"), 0xF5D0 << 48 | 99, DROP)
        broken = _program([*_many(60), bad])
        bed.server.publish(DATAPATH, broken)
        refusal = await bed.nacked(broken.version)
        assert "cookie=0xf5d0000000000063" in refusal.resource
        assert "BAD_MATCH" in refusal.reason
        assert await bed.dump() == before
        bed.server.publish(DATAPATH, broken)  # parked: the same version is not tried again
        assert await _install(bed, _program(_many(55))) == 5
        assert not [e for e in bed.seen if isinstance(e, Nacked)]


@pytest.mark.parametrize(
    ("instructions", "reason"),
    [
        (apply(to_group(4000)), "BAD_ACTION BAD_OUT_GROUP (2/9)"),
        (b"\x00\x63\x00\x08\x00\x00\x00\x00", "BAD_INSTRUCTION UNKNOWN_INST (3/0)"),
        (apply(b"\x00\x00\x00\x08\x00\x00\x00\x01"), "BAD_ACTION BAD_LEN (2/1)"),
    ],
)
async def test_the_refusal_carries_openflows_name(instructions: bytes, reason: str) -> None:
    async with following() as bed:
        program = program_of([flow(1, instructions), flow(2)], [])
        bed.server.publish(DATAPATH, program)
        assert (await bed.nacked(program.version)).reason.startswith(reason)
        assert await bed.dump() == []


async def test_foreign_flows_and_groups_are_left_alone() -> None:
    async with following() as bed:
        foreign = "group group_id=99,type=indirect,bucket=output:1\nflow add cookie=0x77,udp6"
        await _install(bed, _program(_many(20)))
        await asyncio.to_thread(bed.ovs.add_flows, "br0", foreign + ",actions=group:99")
        await _install(bed, program_of(_many(3), GROUPS))
        await _install(bed, program_of([], []))
        assert [line.split(",")[0] for line in await bed.dump()] == ["cookie=0x77"]
        groups = await asyncio.to_thread(bed.ovs.ofctl, "dump-groups", "br0")
        assert re.findall(r"group_id=(\d+)", groups) == ["99"]


async def test_groups_left_by_an_earlier_controller_are_recognised_by_our_flows() -> None:
    async with following() as bed:
        await _install(bed, _program(_many(8)))
        await bed.server.stop()
        await bed.start()
        assert await _install(bed, program_of([flow(1)], [])) == 10  # 1 of 8 written, 7 and 2 gone
        groups = await asyncio.to_thread(bed.ovs.ofctl, "dump-groups", "br0")
        assert "group_id" not in groups


async def test_a_restarted_vswitch_gets_everything_again() -> None:
    async with following() as bed:
        program = _program(_many(200))
        await _install(bed, program)
        await asyncio.to_thread(bed.ovs.restart_vswitchd)
        await bed.until(lambda e: isinstance(e, Disconnected))
        assert (await bed.acked(program.version)).written == 202
        assert len(await bed.dump()) == 200


async def test_what_others_changed_is_mended_by_a_resync() -> None:
    async with following() as bed:
        program = _program(_many(40))
        await _install(bed, program)
        before = await bed.dump()
        await asyncio.to_thread(bed.ovs.ofctl, "del-flows", "br0", "udp,tp_dst=3")
        await asyncio.to_thread(bed.ovs.ofctl, "del-groups", "br0", "group_id=7")
        bed.server.resync(DATAPATH)
        assert (await bed.acked(program.version)).written > 1
        assert await bed.dump() == before


async def test_after_any_sequence_of_programs_the_bridge_lists_the_last_one() -> None:
    dice = random.Random(7)
    async with following() as bed:
        await bed.until(lambda e: isinstance(e, PortsChanged))
        for _ in range(40):
            groups = [
                group(number, dice.choice((1, 2))) for number in (7, 8) if dice.random() < 0.7
            ]
            actions = [apply(to_group(one.number)) for one in groups] + [DROP, apply(output(1))]
            ports = dice.sample(range(1, 40), dice.randrange(40))
            flows = [flow(p, dice.choice(actions), dice.randrange(1, 4), p % 3) for p in ports]
            program = program_of(flows, groups)
            await _install(bed, program)
            bed.server.resync(DATAPATH)  # the bridge is asked, and has nothing to mend
            assert (await bed.acked(program.version)).written == 0
            assert len(await bed.dump()) == len(flows)


async def test_a_group_deleted_behind_our_back_does_not_refuse_the_next_program() -> None:
    async with following() as bed:
        await _install(bed, _program(_many(40)))
        await asyncio.to_thread(bed.ovs.ofctl, "del-groups", "br0", "group_id=7")
        program = _program([*_many(40), flow(2, apply(to_group(7)), cookie=5000, table=3)])
        await _install(bed, program)
        assert len(await bed.dump()) == 41


async def test_a_connection_killed_in_the_middle_is_reconciled() -> None:
    async with following() as bed:
        await _install(bed, _program(_many(10)))
        big = _program(_many(20_000))
        bed.server.publish(DATAPATH, big)
        for session in list(bed.server._all):
            session.abort()  # behind the first bytes of a bundle of some three megabytes
        await bed.until(lambda e: isinstance(e, Disconnected))
        assert len(await bed.dump()) == 10  # atomic: nothing of it took effect
        await bed.acked(big.version)
        assert len(await bed.dump()) == 20_000


async def test_the_latest_program_wins_during_a_change() -> None:
    async with following() as bed:
        await bed.until(lambda e: isinstance(e, PortsChanged))
        programs = [_program(_many(3000 + extra)) for extra in range(5)]
        for program in programs:
            bed.server.publish(DATAPATH, program)
        await bed.acked(programs[-1].version)
        assert len(await bed.dump()) == 3004


async def test_a_bridge_that_is_declared_later_is_served_then() -> None:
    async with following() as bed:
        await bed.until(lambda e: isinstance(e, Connected))
        bed.server.set_hosts({})
        warning = await bed.until(lambda e: isinstance(e, Warned) and bool(e.warning))
        assert isinstance(warning, Warned)
        assert "00000000000000aa" in warning.warning
        program = _program(_many(5))
        bed.server.publish(DATAPATH, program)
        await asyncio.sleep(0.3)
        assert await bed.dump() == []
        bed.server.set_hosts({DATAPATH: "host9"})
        bed.server.publish(DATAPATH, program)
        assert (await bed.acked(program.version)).device.name == "host9"


async def test_ports_that_come_and_go_are_reported() -> None:
    async with following() as bed:
        before = await bed.until(lambda e: isinstance(e, PortsChanged))
        add = ("add-port", "br0", "late", "--", "set", "interface", "late", "type=dummy")
        await asyncio.to_thread(bed.ovs.vsctl, *add)
        came = await bed.until(lambda e: isinstance(e, PortsChanged) and "late" in e.ports)
        await asyncio.to_thread(bed.ovs.vsctl, "del-port", "br0", "late")
        gone = await bed.until(lambda e: isinstance(e, PortsChanged) and "late" not in e.ports)
        assert came.ports.keys() == {*before.ports, "late"}
        assert gone.ports == before.ports


async def test_a_late_controller_is_fenced_by_its_generation() -> None:
    settings = Settings(role=Role.PRIMARY, generation=10)
    async with following(settings) as bed:
        await _install(bed, _program(_many(5)))
        await bed.server.stop()
        await bed.start(settings=replace(settings, generation=9))
        end = await bed.until(lambda e: isinstance(e, Disconnected) and "newer" in e.reason)
        assert isinstance(end, Disconnected)
        assert "ROLE_REQUEST_FAILED STALE (11/0)" in end.reason
        assert len(await bed.dump()) == 5


async def test_a_frozen_bridge_is_given_up_and_served_again() -> None:
    settings = Settings(idle=0.5, patience=1.0)
    async with following(settings) as bed:
        await _install(bed, _program(_many(5)))
        frozen = bed.ovs.vswitchd_pid
        os.kill(frozen, signal.SIGSTOP)
        try:
            end = await bed.until(lambda e: isinstance(e, Disconnected))
        finally:
            os.kill(frozen, signal.SIGCONT)
        assert isinstance(end, Disconnected)
        assert end.reason == "no answer to an echo request"
        assert (await bed.acked(_program(_many(5)).version)).written == 0
