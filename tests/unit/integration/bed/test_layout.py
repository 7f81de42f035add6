from pathlib import Path

from integration.bed.layout import Layout
from tests.plans import shop_plan

LAYOUT = Layout(shop_plan(), "fsdnbed", Path("/tmp/bed"))


def test_every_namespace_bears_the_prefix() -> None:
    names = [LAYOUT.management.name, LAYOUT.proxy("host1").name, LAYOUT.workload("shop/web").name]
    assert names == ["fsdnbed-mgmt", "fsdnbed-host1-proxy", "fsdnbed-web"]


def test_every_device_has_a_management_address_of_its_own() -> None:
    addresses = {LAYOUT.management_address(device) for device in LAYOUT.managed}
    assert len(addresses) == len(LAYOUT.managed) == 6
    assert f"{LAYOUT.controller}/24" not in addresses


def test_devices_are_those_that_the_server_reports() -> None:
    assert LAYOUT.devices == (
        "bridge/host1",
        "bridge/host2",
        "proxy/host1",
        "proxy/host2",
        "switch/leaf1",
        "switch/leaf2",
        "switch/spine1",
        "switch/spine2",
    )


def test_a_workload_stands_in_its_segments_subnets() -> None:
    place = LAYOUT.place(LAYOUT.plan.endpoint["shop/web"])
    assert [str(a) for a in place.addresses] == ["10.10.0.11/24", "fd10:10::11/64"]
    assert place.gateways == ("10.10.0.1", "fd10:10::1")
    assert place.mtu == 1400


def test_bare_ports_get_free_addresses_of_their_segment() -> None:
    taken = {a for e in LAYOUT.plan.endpoints for a in e.addresses}
    taken |= {v for s in LAYOUT.plan.services for v in s.vips}
    ports = LAYOUT.bare_ports()
    assert [port.name for port in ports] == ["bare1", "bare2"]
    assert len({port.address for port in ports}) == 2
    assert not {port.address.ip for port in ports} & taken


def test_sockets_have_short_paths() -> None:
    deep = Layout(shop_plan(), "fsdnbed", Path("/" + "long/" * 40))
    assert len(str(deep.directory("host1") / "agent" / "admin.sock")) < 108
