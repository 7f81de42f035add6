"""What is missing in a database becomes operations, and nothing else does."""

from dataclasses import replace

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.mirror import Bridge, Interface
from xds_server.protocols.ovsdb.preparing import Operation, Wanted, preparation

TARGET = "tcp:192.0.2.1:6653"
TUNNEL = Interface("fsdn-tun", "vxlan", 5, {}, "", {"key": "flow", "remote_ip": "flow"})
DONE = replace(BRIDGE, interfaces=(TUNNEL,), protocols=("OpenFlow13", "OpenFlow15"))
ALL = Wanted(TARGET, "fsdn-tun")


def _short(operations: tuple[Operation, ...]) -> list[tuple[str, str]]:
    return [(each["op"], each["table"]) for each in operations]


def test_a_bridge_that_is_set_up_is_written_nothing() -> None:
    assert preparation(DONE, ALL) == ()
    assert preparation(replace(DONE, protocols=()), ALL) == ()  # unset: it speaks all it knows


def test_an_empty_want_still_makes_it_safe() -> None:
    (only,) = preparation(replace(DONE, fail_mode=""), Wanted())
    assert only["row"] == {"fail_mode": "secure"}
    assert only["where"] == [["name", "==", "br-int"]]


def test_a_new_bridge_is_secure_before_it_has_a_controller_in_one_transaction() -> None:
    bare = replace(BRIDGE, fail_mode="", controllers=(), interfaces=(), protocols=("OpenFlow13",))
    found = preparation(bare, ALL)
    assert _short(found) == [
        ("update", "Bridge"),
        ("mutate", "Bridge"),
        ("insert", "Controller"),
        ("mutate", "Bridge"),
        ("insert", "Interface"),
        ("insert", "Port"),
        ("mutate", "Bridge"),
    ]
    assert found[2]["row"]["connection_mode"] == "out-of-band"
    assert found[2]["row"]["controller_rate_limit"] == 1000
    assert found[4]["row"]["options"] == ["map", [["key", "flow"], ["remote_ip", "flow"]]]


def test_the_controllers_of_others_stay_and_one_of_ours_moves() -> None:
    other = replace(DONE, controllers=("tcp:192.0.2.9:6653",))
    assert _short(preparation(other, ALL)) == [("insert", "Controller"), ("mutate", "Bridge")]
    moved = replace(other, ours=("tcp:192.0.2.9:6653",))
    (update,) = preparation(moved, ALL)
    assert (update["op"], update["row"]) == ("update", {"target": TARGET})


@pytest.mark.parametrize(
    "tunnel",
    [
        replace(TUNNEL, kind="gre"),
        replace(TUNNEL, options={"key": "flow"}),
        replace(TUNNEL, options={"key": "7", "remote_ip": "flow"}),
    ],
)
def test_a_tunnel_of_another_kind_is_repaired(tunnel: Interface) -> None:
    (update,) = preparation(_with(tunnel), ALL)
    assert (update["table"], update["row"]["type"]) == ("Interface", "vxlan")


def test_further_options_of_a_tunnel_are_not_ours() -> None:
    more = replace(TUNNEL, options={**TUNNEL.options, "df_default": "false"})
    assert preparation(_with(more), ALL) == ()
    (update,) = preparation(_with(more), Wanted(TARGET, "fsdn-tun", "geneve"))
    assert update["row"]["type"] == "geneve"


def _with(interface: Interface) -> Bridge:
    return replace(DONE, interfaces=(interface,))
