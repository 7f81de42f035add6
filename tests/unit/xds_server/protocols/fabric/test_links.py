"""Wanted devices against seen ones: the commands that lead from one to the other."""

from dataclasses import replace

import pytest

from tests.plans import shop_plan
from translators.fabric import translate
from xds_server.protocols.fabric import links
from xds_server.protocols.fabric.devices import LinkTextError, Seen, alias_of
from xds_server.protocols.fabric.links import LinkState

WANTED = links.parse(translate(shop_plan(), "leaf1").links)
BARE = tuple(Seen(name, up=True) for name in ("bare1", "host1", "lo", "spine1", "spine2"))


def _settled(state: LinkState) -> tuple[Seen, ...]:
    """What is seen once everything is as wanted."""
    return tuple(
        Seen(
            name=d.name,
            kind=d.kind if d.is_made else "veth",
            alias=alias_of(d),
            up=True,
            mtu=d.mtu,
            master=d.bridge,
            address_mode="none" if d.is_quiet else "eui64",
            learning=d.kind != "vxlan",
            vni=d.vni,
            local=d.local,
            port=d.port,
            addresses=d.addresses,
        )
        for d in state.devices
    )


def test_the_text_reads_back() -> None:
    assert links.parse(links.render(WANTED)) == WANTED


def test_what_is_as_wanted_needs_no_command() -> None:
    assert links.changes(WANTED, _settled(WANTED)) == ()


def test_a_bare_machine_gets_everything_bridges_first() -> None:
    lines = links.changes(WANTED, BARE)
    made = [line for line in lines if line.startswith("link add")]
    assert made == [
        "link add name br10010 type bridge",
        "link add name vx10010 type vxlan id 10010 local 10.254.0.11 dstport 4789 nolearning",
    ]
    assert "link set dev bare1 master br10010" in lines
    assert "link set dev vx10010 type bridge_slave learning off" in lines
    assert "addr add 10.255.1.1/30 dev host1" in lines
    assert 'link set dev lo alias "fsdn switch leaf1 = 10.254.0.11/32"' in lines
    assert not [line for line in lines if " del" in line]


def test_what_is_no_longer_wanted_is_given_back() -> None:
    empty = LinkState("leaf1", (), ())
    lines = links.changes(empty, _settled(WANTED))
    assert {"link del dev br10010", "link del dev vx10010"} <= set(lines)
    assert {"addr del 10.255.1.1/30 dev host1", 'link set dev host1 alias ""'} <= set(lines)
    assert "link set dev bare1 nomaster" in lines
    assert "link del dev bare1" not in lines  # used, not made


def test_many_devices_are_deleted_as_one_group() -> None:
    many = tuple(Seen(f"br{n}", "bridge", "fsdn segment s") for n in range(20))
    lines = links.changes(LinkState("leaf1", (), ()), (*many, Seen("br99", "bridge")))
    assert lines[-1] == "link del group 62929"
    assert set(lines[:-1]) == {f"link set dev br{n} group 62929" for n in range(20)}


def test_what_is_not_ours_is_left_alone() -> None:
    foreign = (Seen("br7", kind="bridge"), Seen("eth0", addresses=("192.0.2.1/24",)))
    assert links.changes(WANTED, (*_settled(WANTED), *foreign)) == ()


def test_another_tunnel_source_makes_the_device_anew() -> None:
    moved = tuple(
        replace(seen, local="10.254.0.99") if seen.name == "vx10010" else seen
        for seen in _settled(WANTED)
    )
    lines = links.changes(WANTED, moved)
    assert lines[0] == "link del dev vx10010"
    assert lines[1].startswith("link add name vx10010 type vxlan id 10010 local 10.254.0.11")
    assert "link set dev vx10010 master br10010" in lines


@pytest.mark.parametrize("seen", [Seen("br10010", "bridge", "theirs"), Seen("vx10010", "dummy")])
def test_anothers_device_in_the_way_is_named(seen: Seen) -> None:
    with pytest.raises(LinkTextError, match=f"{seen.name} exists and is not ours"):
        links.changes(WANTED, (*BARE, seen))


def test_a_half_made_device_is_adopted() -> None:
    lines = links.changes(WANTED, (*BARE, Seen("br10010", "bridge")))
    assert "link add name br10010 type bridge" not in lines
    assert 'link set dev br10010 alias "fsdn segment shop/front"' in lines


def test_an_address_that_changed_replaces_ours_only() -> None:
    seen = tuple(
        replace(
            s,
            alias="fsdn host host1 = 10.9.9.1/30",
            addresses=("10.9.9.1/30", "192.0.2.1/24"),
        )
        if s.name == "host1"
        else s
        for s in _settled(WANTED)
    )
    assert links.changes(WANTED, seen) == (
        "addr del 10.9.9.1/30 dev host1",
        "addr add 10.255.1.1/30 dev host1",
        'link set dev host1 alias "fsdn host host1 = 10.255.1.1/30"',
    )


def test_unplugged_interfaces_are_named_not_made() -> None:
    seen = tuple(s for s in _settled(WANTED) if s.name != "bare1")
    assert links.absent(WANTED, seen) == ("bare1",)
    assert links.changes(WANTED, seen) == ()


def test_a_snapshot_wants_what_is_ours() -> None:
    assert links.held("leaf1", _settled(WANTED), dict(WANTED.sysctls)) == WANTED


def test_only_variables_that_differ_are_set() -> None:
    current = dict(WANTED.sysctls) | {"net.ipv4.ip_forward": "0"}
    assert links.sysctl_changes(WANTED, current) == ("net.ipv4.ip_forward=1",)


def test_a_variable_that_the_kernel_lacks_counts_as_off() -> None:
    current = {k: v for k, v in WANTED.sysctls if not k.startswith("net.bridge")}
    assert links.sysctl_changes(WANTED, current) == ()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"switch": "l", "devices": [], "sysctls": {"kernel.panic": "1"}}',
     '{"switch": "l", "devices": [{"name": "a"}], "sysctls": {}}'],
)  # fmt: skip
def test_text_that_no_controller_writes_is_refused(text: str) -> None:
    with pytest.raises(LinkTextError):
        links.parse(text)
