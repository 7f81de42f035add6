"""Devices as they are wanted and as iproute2 prints them."""

from typing import Any

import pytest

from xds_server.protocols.fabric.devices import (
    Device,
    LinkTextError,
    Seen,
    alias_of,
    device_from,
    seen_from,
)

VXLAN: dict[str, Any] = {
    "ifname": "vx10010",
    "ifalias": "fsdn segment shop/front",
    "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    "mtu": 1400,
    "master": "br10010",
    "inet6_addr_gen_mode": "none",
    "linkinfo": {
        "info_kind": "vxlan",
        "info_data": {"id": 10010, "local": "10.254.0.11", "port": 4789},
        "info_slave_kind": "bridge",
        "info_slave_data": {"learning": False},
    },
    "addr_info": [],
}


def test_a_device_of_ours_reads_back_as_it_was_wanted() -> None:
    wanted = Device(
        "vx10010", "vxlan", "segment shop/front", 1400, "br10010", 10010, "10.254.0.11", 4789
    )
    seen = seen_from(VXLAN)
    assert seen.as_device() == wanted
    assert wanted.same_birth(seen)
    assert (seen.up, seen.learning, seen.address_mode) == (True, False, "none")


def test_only_addresses_that_the_alias_records_are_ours() -> None:
    seen = seen_from(
        {
            "ifname": "lo",
            "ifalias": "fsdn switch leaf1 = 10.254.0.11/32",
            "flags": ["UP"],
            "addr_info": [
                {"local": "127.0.0.1", "prefixlen": 8},
                {"local": "10.254.0.11", "prefixlen": 32},
            ],
        }
    )
    assert seen.own_addresses == ("10.254.0.11/32",)
    device = seen.as_device()
    assert device is not None
    assert (device.kind, device.addresses) == ("loopback", ("10.254.0.11/32",))
    assert alias_of(device) == seen.alias


@pytest.mark.parametrize("alias", ["", "theirs", "fsdnless"])
def test_a_device_without_our_mark_is_not_ours(alias: str) -> None:
    assert Seen("eth0", alias=alias).as_device() is None


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (Seen("bare1", alias="fsdn segment s", master="br1"), "port"),
        (Seen("spine1", alias="fsdn link l"), "uplink"),
        (Seen("h", alias="fsdn host h = 10.0.0.1/30", addresses=("10.0.0.1/30",)), "routed"),
        (Seen("br1", kind="bridge", alias="fsdn segment s"), "bridge"),
    ],
)
def test_the_kind_is_told_from_what_it_does(seen: Seen, kind: str) -> None:
    device = seen.as_device()
    assert device is not None
    assert device.kind == kind


def test_a_document_reads_back() -> None:
    device = Device("host1", "routed", "host host1", addresses=("10.255.1.1/30",))
    assert device_from(device.document()) == device


@pytest.mark.parametrize(
    "change",
    [
        {"name": "an-interface-name-of-20"},
        {"name": "a b"},
        {"name": "x\nlink del dev lo"},
        {"cause": 'host "; rm'},
        {"kind": "tunnel"},
        {"bridge": "br 1"},
    ],
)
def test_what_could_not_stand_on_a_command_line_is_refused(change: dict[str, str]) -> None:
    raw = {"name": "bare1", "kind": "port", "cause": "segment shop/front", "bridge": "br1"}
    with pytest.raises(LinkTextError):
        device_from(raw | change)


@pytest.mark.parametrize("change", [{"addresses": ["10.0.0.1/33"]}, {"local": "here"}])
def test_addresses_are_addresses(change: dict[str, Any]) -> None:
    raw = {"name": "bare1", "kind": "routed", "cause": "host h"}
    with pytest.raises(ValueError, match="does not appear"):
        device_from(raw | change)
