"""Rows become bridges; rows that make no sense end in one kind of error."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds_server.protocols.ovsdb import mirror as module
from xds_server.protocols.ovsdb.json_stream import OvsdbProtocolError
from xds_server.protocols.ovsdb.mirror import WATCHED, Bridge, Interface, Mirror, named_ports

UPDATES: dict[str, Any] = {
    "Open_vSwitch": {"o": {"new": {"ovs_version": "3.1.0"}}},
    "Controller": {"c": {"new": {"target": "tcp:192.0.2.1:6653", "is_connected": True}}},
    "Bridge": {
        "b": {
            "new": {
                "name": "br-int",
                "datapath_id": "00000000000000aa",
                "fail_mode": "secure",
                "controller": ["uuid", "c"],
                "ports": ["set", [["uuid", "p"], ["uuid", "q"], ["uuid", "gone"]]],
            }
        },
        "young": {"new": {"name": "br-new", "datapath_id": ["set", []]}},
    },
    "Port": {
        "p": {"new": {"name": "web", "interfaces": ["uuid", "i"]}},
        "q": {"new": {"name": "lost", "interfaces": ["uuid", "j"]}},
    },
    "Interface": {
        "i": {
            "new": {
                "name": "web",
                "type": "",
                "ofport": 1,
                "error": ["set", []],
                "external_ids": ["map", [["vm", "7"], ["iface-id", "x"]]],
            }
        },
        "j": {"new": {"name": "lost", "type": "system", "ofport": -1, "error": "no such device"}},
    },
}
BRIDGE = Bridge(
    "br-int",
    0xAA,
    "secure",
    ("tcp:192.0.2.1:6653",),
    (
        Interface("lost", "system", 0, {}, "no such device", port="lost"),
        Interface("web", "", 1, {"iface-id": "x", "vm": "7"}, "", port="web"),
    ),
    "3.1.0",
)


def _mirror() -> Mirror:
    mirror = Mirror()
    mirror.update(UPDATES)
    return mirror


def test_a_bridge_is_put_together_from_its_rows() -> None:
    assert _mirror().bridges() == (BRIDGE,)


def test_changes_and_deletions_are_followed() -> None:
    mirror = _mirror()
    row = {**UPDATES["Bridge"]["b"]["new"], "fail_mode": ["set", []]}
    mirror.update({"Bridge": {"b": {"old": {"fail_mode": "secure"}, "new": row}}})
    assert mirror.bridges()[0].fail_mode == ""
    mirror.update({"Bridge": {"b": {"old": row}}})
    assert mirror.bridges() == ()


def test_we_watch_what_a_bridge_is_made_of() -> None:
    assert {"Bridge", "Interface", "Open_vSwitch", "Port"} < set(WATCHED)
    assert {"fail_mode", "datapath_id"} < set(WATCHED["Bridge"])


def _bridges(updates: object) -> tuple[Bridge, ...]:
    mirror = Mirror()
    mirror.update(updates)
    return mirror.bridges()


@pytest.mark.parametrize(
    "updates",
    [
        [],
        {"Bridge": []},
        {"Bridge": {"b": []}},
        {"Bridge": {"b": {"new": []}}},
        {"Bridge": {"b": {"new": {"datapath_id": "not hexadecimal"}}}},
    ],
)
def test_rows_that_make_no_sense_are_refused(updates: object) -> None:
    with pytest.raises(OvsdbProtocolError):
        _bridges(updates)


def test_a_database_cannot_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 3)
    with pytest.raises(OvsdbProtocolError, match="more than 3 rows"):
        _mirror()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab", max_size=5)
    | st.sampled_from(["set", "uuid"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner),
    max_leaves=6,
)
COLUMNS = st.sampled_from(sorted({column for columns in WATCHED.values() for column in columns}))
ROWS = st.dictionaries(
    st.text("ab", max_size=2),
    st.fixed_dictionaries({"new": st.dictionaries(COLUMNS, JSON)}),
    max_size=3,
)


@given(updates=st.dictionaries(st.sampled_from(sorted(WATCHED)), ROWS) | JSON)
def test_hostile_rows_end_in_the_protocol_error_alone(updates: object) -> None:
    try:
        assert isinstance(_bridges(updates), tuple)
    except OvsdbProtocolError as error:
        assert str(error)  # noqa: PT017


def test_managers_our_controllers_and_waiting_are_read() -> None:
    mirror = _mirror()
    vswitch = {
        "ovs_version": "3.1.0",
        "manager_options": ["set", [["uuid", "m"], ["uuid", "n"]]],
        "other_config": ["map", [["flow-restore-wait", "true"]]],
    }
    ours = {"target": "tcp:192.0.2.2:6653", "external_ids": ["map", [["fsdn", "true"]]]}
    row = {**UPDATES["Bridge"]["b"]["new"], "protocols": ["set", ["OpenFlow15", "OpenFlow13"]]}
    row["controller"] = ["set", [["uuid", "c"], ["uuid", "d"]]]
    mirror.update(
        {
            "Open_vSwitch": {"o": {"new": vswitch}},
            "Manager": {
                "m": {"new": {"target": "ptcp:6640", "is_connected": False}},
                "n": {"new": {"target": "ssl:192.0.2.1:6640", "is_connected": True}},
            },
            "Controller": {"d": {"new": ours}},
            "Bridge": {"b": {"new": row}},
        }
    )
    (found,) = mirror.bridges()
    assert found.managers == ("ptcp:6640 (away)", "ssl:192.0.2.1:6640")
    assert found.restoring
    assert found.protocols == ("OpenFlow13", "OpenFlow15")
    assert found.ours == ("tcp:192.0.2.2:6653",)
    assert len(found.controllers) == 2


def test_interfaces_go_by_their_iface_ids_and_an_open_one_goes_first() -> None:
    old = Interface("a", "", 0, {"iface-id": "x"}, "")
    new = Interface("b", "", 4, {"iface-id": "x"}, "")
    other = Interface("c", "", 5, {"vm": "7"}, "")
    bridge = replace(BRIDGE, interfaces=(old, new, other))
    assert named_ports(bridge) == {"iface-id=x": "b"}
    assert named_ports(replace(BRIDGE, interfaces=(old,))) == {"iface-id=x": "a"}


def test_the_qos_of_ports_and_our_rows_of_no_port_are_read() -> None:
    mirror = _mirror()
    ours = ["map", [["fsdn", "true"]]]
    row = {"type": "linux-htb", "external_ids": ours, "queues": ["map", [[5, ["uuid", "k"]]]]}
    mirror.update(
        {
            "Port": {"p": {"new": {**UPDATES["Port"]["p"]["new"], "qos": ["uuid", "s"]}}},
            "QoS": {"s": {"new": row}, "lost": {"new": {"external_ids": ours}}},
            "Queue": {
                "k": {"new": {"external_ids": ours, "other_config": ["map", [["burst", "9"]]]}},
                "left": {"new": {"external_ids": ours}},
                "others": {"new": {"external_ids": ["map", []]}},
            },
        }
    )
    (found,) = mirror.bridges()
    (qos,) = found.qos
    assert (qos.port, qos.uuid, qos.kind, qos.ours) == ("web", "s", "linux-htb", True)
    assert {number: queue.config for number, queue in qos.queues.items()} == {5: {"burst": "9"}}
    assert found.strays == ("left", "lost")
