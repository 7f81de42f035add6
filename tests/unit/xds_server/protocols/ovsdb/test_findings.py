"""What an operator is told to mend."""

from dataclasses import replace

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.protocols.ovsdb.findings import FAIL_MODE, INTERFACES, TOPICS, findings


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
