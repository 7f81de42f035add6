"""What an operator is told to mend."""

from dataclasses import replace

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.findings import (
    FAIL_MODE,
    IDENTITIES,
    INTERFACES,
    PROTOCOLS,
    RESTORING,
    TOPICS,
    VERSION,
    findings,
)
from xds_server.protocols.ovsdb.mirror import Interface


@pytest.mark.parametrize(("mode", "warned"), [("secure", False), ("standalone", True), ("", True)])
def test_every_fail_mode_but_secure_is_warned_of_with_the_mend(mode: str, warned: bool) -> None:
    text = findings(replace(BRIDGE, fail_mode=mode))[FAIL_MODE]
    assert bool(text) is warned
    assert ("ovs-vsctl set-fail-mode br-int secure" in text) is warned


def test_interfaces_that_could_not_be_opened_are_named() -> None:
    assert "1 interface(s): lost (no such device)" in findings(BRIDGE)[INTERFACES]
    assert findings(replace(BRIDGE, interfaces=()))[INTERFACES] == ""


def test_every_topic_has_a_text_so_that_old_warnings_end() -> None:
    assert set(findings(BRIDGE)) == set(TOPICS)


@pytest.mark.parametrize(
    ("version", "old"),
    [("2.17.9", True), ("3.0", True), ("3.1.0", False), ("3.10.1", False), ("4.0", False)],
)
def test_a_vswitch_older_than_what_was_proven_is_named(version: str, old: bool) -> None:
    text = findings(replace(BRIDGE, ovs_version=version))[VERSION]
    assert (f"is Open vSwitch {version}, and 3.1 is the oldest" in text) is old


@pytest.mark.parametrize("version", ["", "unknown"])
def test_a_version_that_nobody_tells_is_no_finding(version: str) -> None:
    assert findings(replace(BRIDGE, ovs_version=version))[VERSION] == ""


def test_a_bridge_without_openflow_15_is_told_how_to_speak_it() -> None:
    text = findings(replace(BRIDGE, protocols=("OpenFlow10", "OpenFlow13")))[PROTOCOLS]
    assert "ovs-vsctl add bridge br-int protocols OpenFlow15" in text
    assert findings(replace(BRIDGE, protocols=("OpenFlow15",)))[PROTOCOLS] == ""


def test_a_vswitch_that_waits_for_its_flows_is_named() -> None:
    text = findings(replace(BRIDGE, restoring=True))[RESTORING]
    assert "ovs-vsctl remove open_vswitch . other_config flow-restore-wait" in text


def test_two_interfaces_with_one_iface_id_are_named() -> None:
    twins = tuple(Interface(name, "", 4, {"iface-id": "x"}, "") for name in ("a", "b"))
    assert "one iface-id: x (a, b)" in findings(replace(BRIDGE, interfaces=twins))[IDENTITIES]
    closed = (twins[0], replace(twins[1], ofport=0))
    assert findings(replace(BRIDGE, interfaces=closed))[IDENTITIES] == ""
