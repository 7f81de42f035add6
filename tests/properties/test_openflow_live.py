"""Real bridges that hold their programs are found to do what was predicted, table by table."""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tests.devices.ovs import PrivateOvs
from tests.properties.openflow_journey import Bridges
from tests.properties.strategies import random_packet, random_plan
from translators.openflow.frames import synthetic_ports
from translators.openflow.live import Compared, ProbeError, World, compared, probe
from translators.plan.evaluate import Packet
from translators.plan.model import Plan

pytestmark = pytest.mark.device

PLANS = int(os.environ.get("FSDN_PLANS", "20"))
PACKETS = 10  # a plan


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    with PrivateOvs() as running:
        yield running


@pytest.fixture(scope="module")
def bridges(ovs: PrivateOvs) -> Iterator[Bridges]:
    real = Bridges(ovs)
    yield real
    real.close()


def _way(ovs: PrivateOvs, plan: Plan, packet: Packet, established: bool) -> list[Compared]:
    """Return what every bridge on a packet's way did."""
    world = World(plan, {name: synthetic_ports(plan, name) for name in plan.host})
    asked, found = probe(world, packet, established), []
    while asked is not None:
        states = [part for state in asked.states for part in ("--ct-next", state)]
        text = ovs.call("ofproto/trace", asked.host.name, asked.flow, *states)
        found.append(compared(world, asked, text))
        asked = found[-1].onward
    return found


@pytest.mark.parametrize("established", [False, True])
def test_predicted_and_real_tables_are_the_same(
    ovs: PrivateOvs, bridges: Bridges, established: bool
) -> None:
    seed = int(os.environ.get("FSDN_SEED", Random().randrange(1 << 32)))
    outcomes: Counter[str] = Counter()
    for number in range(PLANS):
        rng = Random(f"{seed}/live/{number}")
        plan = random_plan(rng)
        bridges.load(plan)
        for packet in (random_packet(rng, plan) for _ in range(PACKETS)):
            try:
                way = _way(ovs, plan, packet, established)
            except ProbeError:
                assert established
                outcomes["never stands"] += 1
                continue
            for one in way:
                wrong = [row for row in one.rows if not row.same]
                found = f"FSDN_SEED={seed}, plan {number}: {packet}: {wrong}"
                assert one.same, f"{found}, {one.predicted}, {one.real}"
            outcomes["tunnel" if len(way) > 1 else way[0].real.partition(":")[0]] += 1
    print(outcomes)
    assert min(outcomes["tunnel"], outcomes["output"]) > PLANS / 4, outcomes
