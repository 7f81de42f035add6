"""Real packets of many clients: each client's connections reach one endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.devices.frames import SYN, Frame, decode, encode
from tests.devices.openflow_bench import Bench
from tests.devices.ovs import PrivateOvs
from tests.devices.ovs_bridge import DATAPATH, following
from tests.unit.translators.compiler.small import SQL, plan_of, policy, service, workload
from translators.openflow.encode import encode as encode_program
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.model import TCP, Plan
from xds_server.snapshots.evidence import PortsChanged
from xds_server.snapshots.model import FlowEntry, FlowKey, GroupEntry, program_of

pytestmark = pytest.mark.device

CLIENTS, CONNECTIONS = 12, 8
FOUR = [str(ip_address("10.10.0.100") + n) for n in range(CLIENTS)]
SIX = [str(ip_address("fd10:10::1:0") + n) for n in range(CLIENTS)]
VIPS = ("10.10.0.200", "fd10:10::ff00")
MAC, ROUTER = "02:00:00:00:00:64", "02:fd:00:00:00:01"


def _plan(affinity: str = "client-ip", members: int = 4) -> Plan:
    many = workload("many", 100, "web", addresses=[*FOUR, *SIX])
    more = [workload(f"api-{n}", 30 + n, "api") for n in range(3, members + 1)]
    api = service("api", SQL, addresses=list(VIPS), affinity=affinity)
    return plan_of(many, *more, api, policy("p", {"action": "allow"}))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with PrivateOvs() as ovs:
        yield Bench(ovs, _plan())


def _met(bench: Bench, clients: list[str], port: int) -> list[Counter[str]]:
    """Return which endpoints each client's connections came to, from ports of their own."""
    met = []
    for client in clients:
        vip = VIPS[ip_address(client).version == 6]
        reached: Counter[str] = Counter()
        for number in range(CONNECTIONS):
            frame = Frame(MAC, ROUTER, client, vip, TCP, port + 7 * number, 5432, SYN)
            (out,) = bench.send("many", encode(frame)).values()
            reached[decode(out[0]).destination] += 1
        met.append(reached)
    return met


@pytest.mark.parametrize("clients", [FOUR, SIX], ids=["ipv4", "ipv6"])
def test_every_connection_of_a_client_reaches_one_endpoint(
    bench: Bench, clients: list[str]
) -> None:
    bench.load(_plan())
    met = _met(bench, clients, 20000)
    assert all(len(reached) == 1 for reached in met), met
    assert len({name for reached in met for name in reached}) > 1
    bench.load(_plan(members=3))  # new connections of other clients stay where theirs are
    moved = _met(bench, clients, 30000)
    gone = "10.10.0.34" if clients is FOUR else "fd10:10::34"
    assert all(len(reached) == 1 and gone not in reached for reached in moved)
    for before, after in zip(met, moved, strict=True):
        assert before == after or gone in before
    bench.load(_plan("none"))
    assert any(len(reached) > 1 for reached in _met(bench, clients, 40000))


async def test_the_bridge_lists_such_groups_as_they_were_written() -> None:
    plan = _plan()
    encoded = encode_program(translate(plan, "host1", synthetic_ports(plan, "host1")))
    flows = (
        FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
        for f in encoded.flows
    )
    groups = (GroupEntry(g.number, g.kind, g.buckets, g.properties) for g in encoded.groups)
    program = program_of(flows, groups)
    async with following() as bed:
        await bed.until(lambda e: isinstance(e, PortsChanged))
        bed.server.publish(DATAPATH, program)
        assert (await bed.acked(program.version)).written > len(program.groups) == 2
        await bed.server.stop()
        await bed.start()
        bed.server.publish(DATAPATH, program)
        assert (await bed.acked(program.version)).written == 0
