import pytest

from tests.controlling import Clock
from xds_server.controller.errors import NotFoundError
from xds_server.controller.state import State
from xds_server.controller.switches import SILENCE_SECONDS, Switches, find_switch
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
)


def test_a_poll_connects_a_switch_once() -> None:
    heard: list[Evidence] = []
    switches = Switches(heard.append, Clock())
    switches.polled("leaf1")
    switches.polled("leaf1")
    assert [type(one) for one in heard] == [Connected]


def test_silence_disconnects_it_and_a_poll_brings_it_back() -> None:
    heard: list[Evidence] = []
    clock = Clock()
    switches = Switches(heard.append, clock)
    switches.polled("leaf1")
    switches.expire()
    assert len(heard) == 1
    clock.now += SILENCE_SECONDS
    switches.expire()
    switches.expire()
    switches.polled("leaf1")
    assert [type(one) for one in heard] == [Connected, Disconnected, Connected]


def test_reports_are_evidence() -> None:
    heard: list[Evidence] = []
    switches = Switches(heard.append, Clock())
    switches.offered("leaf1", "v1")
    switches.applied("leaf1", "v1", 12, "FRR 8.4")
    switches.failed("leaf1", "v2", "unknown command", "router bgp x", "")
    offered, connected, acked, nacked = heard
    assert isinstance(offered, Offered)
    assert isinstance(connected, Connected)
    assert connected.detail == "FRR 8.4"
    assert isinstance(acked, Acked)
    assert acked.written == 12
    assert isinstance(nacked, Nacked)
    assert nacked.resource == "router bgp x"


def test_an_undeclared_switch_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="none yet"):
        find_switch(State(), "leaf1")
