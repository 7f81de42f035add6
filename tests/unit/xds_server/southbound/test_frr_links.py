"""Devices brought about by iproute2 in a namespace of our own."""

import itertools
import os
from collections.abc import Iterator

import pytest

from integration.bed import netns
from integration.bed.netns import Namespace
from tests.plans import shop_plan
from translators.fabric import translate
from xds_server.protocols.fabric import links
from xds_server.protocols.fabric.devices import Device
from xds_server.protocols.fabric.transaction import Applied
from xds_server.southbound.frr_commands import SwitchCommands
from xds_server.southbound.frr_links import SwitchLinks

pytestmark = [
    pytest.mark.root,
    pytest.mark.device,
]
NUMBERS = itertools.count()
WANTED = links.parse(translate(shop_plan(), "leaf1").links)
EMPTY = links.LinkState("leaf1", (), ())


@pytest.fixture
def leaf() -> Iterator[Namespace]:
    namespace = netns.create(f"fxl{os.getpid()}x{next(NUMBERS)}")
    try:
        for name in ("bare1", "host1", "spine1", "spine2"):
            namespace.ip(f"link add {name} type veth peer name {name}-far")
        yield namespace
    finally:
        netns.remove([namespace])


def _links(namespace: Namespace) -> SwitchLinks:
    return SwitchLinks(SwitchCommands("leaf1", namespace.name))


async def test_the_second_time_there_is_nothing_to_do(leaf: Namespace) -> None:
    device = _links(leaf)
    first = await device.apply(WANTED)
    assert first.fault is None
    assert first.written > 10
    assert await device.difference(WANTED) == ()
    assert await device.apply(WANTED) == Applied(0)
    assert await device.absent(WANTED) == ()


async def test_what_is_held_can_be_wanted_again(leaf: Namespace) -> None:
    device = _links(leaf)
    await device.apply(WANTED)
    held = await device.held(WANTED)
    assert held == WANTED
    assert links.parse(links.render(held)) == WANTED


async def test_giving_back_leaves_what_was_there_before(leaf: Namespace) -> None:
    device = _links(leaf)
    leaf.ip("addr add 192.0.2.1/24 dev host1")
    before = {s.name: (s.alias, s.addresses, s.master) for s in await device.seen()}
    await device.apply(WANTED)
    assert (await device.apply(EMPTY)).fault is None
    after = {s.name: (s.alias, s.addresses, s.master) for s in await device.seen()}
    assert after["host1"][1] == tuple(a for a in after["host1"][1] if not a.startswith("10."))
    assert {n: (a, m) for n, (a, _, m) in after.items()} == {
        n: (a, m) for n, (a, _, m) in before.items()
    }


async def test_many_devices_go_at_once_and_others_stay(leaf: Namespace) -> None:
    device = _links(leaf)
    many = links.LinkState(
        "leaf1",
        tuple(Device(f"br{n}", "bridge", "segment shop/s", 1400) for n in range(100, 130)),
        (),
    )
    leaf.ip("link add br99 type bridge")
    assert (await device.apply(many)).fault is None
    assert (await device.apply(EMPTY)).fault is None
    left = {seen.name for seen in await device.seen() if seen.kind == "bridge"}
    assert left == {"br99"}


async def test_a_command_that_fails_is_named(leaf: Namespace) -> None:
    device = _links(leaf)
    text = links.render(WANTED).replace('"mtu": 1400', '"mtu": 3', 1)
    applied = await device.apply(links.parse(text))
    assert applied.fault is not None
    assert applied.fault.line.endswith("mtu 3")
    assert applied.fault.reason.startswith("ip: ")


async def test_variables_are_set_in_the_namespace(leaf: Namespace) -> None:
    device = _links(leaf)
    leaf.sysctl(ipv4__ip_forward=0)
    assert "net.ipv4.ip_forward=1" in await device.difference(WANTED)
    await device.apply(WANTED)
    assert (await device.sysctls(WANTED))["net.ipv4.ip_forward"] == "1"
