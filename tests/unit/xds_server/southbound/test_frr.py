"""One real FRR without neighbours: checked, changed, asked again, refused."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.devices.frr_fabric import Fabric, config, running
from tests.plans import ORIGIN
from translators.plan.model import Link, Plan, Role, Switch
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.southbound.frr import FrrSwitch
from xds_server.southbound.frr_commands import FrrPaths, SwitchUnavailableError

pytestmark = [
    pytest.mark.root,
    pytest.mark.device,
]
LEAF = Switch("leaf1", Role.LEAF, 65001, IPv4Address("10.254.0.11"), (), ORIGIN)
PLAN = Plan(switches=(LEAF,))


@pytest.fixture(scope="module")
def fabric() -> Iterator[Fabric]:
    with running(PLAN) as raised:
        yield raised


async def test_a_change_is_made_once_and_named_by_its_version(fabric: Fabric) -> None:
    leaf, wanted = fabric.device("leaf1"), config(PLAN, "leaf1")
    first = await leaf.apply(wanted)
    assert isinstance(first, Acked), first
    assert first.version == wanted.version
    again = await leaf.apply(wanted)
    assert isinstance(again, Acked)
    assert again.written == 0
    assert await leaf.difference(wanted) == ()


async def test_frr_saves_what_was_applied(fabric: Fabric) -> None:
    await fabric.device("leaf1").apply(config(PLAN, "leaf1"))
    saved = (fabric.switches["leaf1"].directory / "frr.conf").read_text()
    assert "router bgp 65001" in saved
    left = list(fabric.switches["leaf1"].directory.glob("fsdn-*"))
    assert left == []  # no short-lived file stays behind


async def test_an_instance_of_another_switch_is_not_touched(fabric: Fabric) -> None:
    leaf = fabric.device("leaf1")
    text = config(PLAN, "leaf1").links.replace('"switch": "leaf1"', '"switch": "leaf2"')
    refused = await leaf.apply(config(PLAN, "leaf1", links=text))
    assert isinstance(refused, Nacked)
    assert refused.reason == "the devices are those of leaf2, not of leaf1"


async def test_devices_that_no_controller_writes_are_refused(fabric: Fabric) -> None:
    refused = await fabric.device("leaf1").apply(config(PLAN, "leaf1", links="{}"))
    assert isinstance(refused, Nacked)
    assert "not what a controller writes" in refused.reason


async def test_many_removals_go_at_once(fabric: Fabric) -> None:
    many = tuple(
        Link(f"l{n}", ("leaf1", f"swp{n}"), (f"spine{n}", "leaf1"), ORIGIN) for n in range(1, 31)
    )
    leaf = fabric.device("leaf1")
    await leaf.apply(config(PLAN, "leaf1"))
    grown = await leaf.apply(config(replace(PLAN, links=many), "leaf1"))
    assert isinstance(grown, Acked), grown
    async with asyncio.timeout(6):
        shrunk = await leaf.apply(config(PLAN, "leaf1"))
    assert isinstance(shrunk, Acked), shrunk
    assert shrunk.written >= 30


async def test_frr_that_is_not_there_is_no_fault_of_the_configuration(tmp_path: Path) -> None:
    leaf = FrrSwitch("leaf1", FrrPaths.private(tmp_path))
    with pytest.raises(SwitchUnavailableError, match="bfdd, bgpd, zebra of FRR does not answer"):
        await leaf.apply(config(PLAN, "leaf1"))
