"""The order of a host's devices on a change: what is told to whom, and after which word."""

from dataclasses import replace

from tests.conversations.controller.script import (
    BRIDGE,
    LISTENER,
    PLAN,
    PORTS,
    PROXY,
    Conversation,
    program,
    snapshot,
    targets,
)
from xds_server.controller.state import STAGE_SECONDS, Tick, Translated
from xds_server.snapshots.evidence import Connected, Disconnected, Nacked, PortsChanged


def running() -> Conversation:
    """A host whose proxy and bridge run revision 1."""
    talk = Conversation()
    talk.commit(1, targets(snapshot("old"), program(1)))
    talk.connect(PROXY, BRIDGE)
    talk.ack_proxy()
    talk.ack_bridge()
    assert talk.state.acked
    assert not talk.state.rollouts
    return talk


def test_the_new_is_made_before_the_old_is_broken() -> None:
    talk = running()
    assert talk.commit(2, targets(snapshot("new"), program(2))) == ["proxy new old"]
    assert talk.ack_proxy() == ["bridge 2"]
    assert talk.ack_bridge() == ["proxy new"]
    assert talk.ack_proxy() == ["reached 2"]


def test_a_change_of_the_bridge_alone_waits_for_nobody() -> None:
    talk = running()
    assert talk.commit(2, targets(snapshot("old"), program(2))) == ["bridge 2"]
    assert talk.ack_bridge() == ["reached 2"]


def test_a_change_of_the_proxy_alone_leaves_the_bridge_alone() -> None:
    talk = running()
    assert talk.commit(2, targets(snapshot("old", "more"), program(1))) == ["proxy more old"]
    assert talk.ack_proxy() == ["reached 2"]


def test_a_proxy_that_is_away_holds_nothing_up() -> None:
    talk = running()
    assert talk >> Disconnected(PROXY, talk.now) == []
    assert talk.commit(2, targets(snapshot("new"), program(2))) == ["proxy new old", "bridge 2"]


def test_a_silent_proxy_holds_its_bridge_until_the_deadline() -> None:
    talk = running()
    talk.commit(2, targets(snapshot("new"), program(2)))
    assert talk >> Tick(talk.now + STAGE_SECONDS / 2) == []
    assert talk >> Tick(talk.now + STAGE_SECONDS) == ["bridge 2"]
    assert not talk.state.acked


def test_a_proxy_that_refuses_lets_the_bridge_go_on() -> None:
    talk = running()
    talk.commit(2, targets(snapshot("new"), program(2)))
    version = talk.state.status.of(PROXY).types[LISTENER].wanted
    assert talk >> Nacked(PROXY, LISTENER, version, talk.now, "no") == ["bridge 2"]
    assert talk.ack_bridge() == ["proxy new"]
    assert not talk.state.acked


def test_what_an_absent_bridge_still_steers_to_stays() -> None:
    talk = running()
    talk >> Disconnected(BRIDGE, talk.now)
    talk.commit(2, targets(snapshot("new"), program(2)))
    assert talk.ack_proxy() == ["bridge 2", "reached 2"]
    assert talk >> Tick(talk.now + 100 * STAGE_SECONDS) == []
    assert talk >> Connected(BRIDGE, talk.now) == []
    assert talk.ack_bridge() == ["proxy new"]


def test_a_change_amid_a_rollout_takes_over() -> None:
    talk = running()
    talk.commit(2, targets(snapshot("new"), program(2)))
    assert talk.commit(3, targets(snapshot("newest"), program(3))) == ["proxy new newest old"]
    assert talk.ack_proxy() == ["bridge 3"]
    assert talk.ack_bridge() == ["proxy newest"]
    assert talk.ack_proxy() == ["reached 3"]


def test_a_bridge_is_programmed_once_its_ports_are_known() -> None:
    talk = Conversation()
    assert talk.commit(1, targets(snapshot("a")), ports={}) == ["proxy a"]
    talk >> Connected(BRIDGE, talk.now)
    assert talk >> PortsChanged(BRIDGE, talk.now, PORTS["host1"]) == ["translate host1"]
    assert not talk.state.acked or talk.state.translating
    ports = talk.state.ports["host1"]
    made = Translated("host1", PLAN, ports, program(1), talk.now)
    assert talk >> made == ["bridge 1"]
    assert talk.ack_bridge() == []


def test_a_port_that_no_document_names_causes_no_work() -> None:
    talk = running()
    assert talk >> PortsChanged(BRIDGE, talk.now, {"web": 1, "stranger": 9}) == []
    assert talk >> PortsChanged(BRIDGE, talk.now, {"web": 2}) == ["translate host1"]


def test_a_program_made_from_what_has_changed_since_is_dropped() -> None:
    talk = running()
    talk >> PortsChanged(BRIDGE, talk.now, {"web": 2})
    late = talk.state.ports["host1"]
    talk >> PortsChanged(BRIDGE, talk.now, {"web": 3})
    assert talk >> Translated("host1", PLAN, late, program(8), talk.now) == []
    fresh = Translated("host1", PLAN, talk.state.ports["host1"], program(9), talk.now)
    assert talk >> fresh == ["bridge 9"]


def test_ports_that_came_during_compilation_are_not_lost() -> None:
    talk = running()
    talk >> PortsChanged(BRIDGE, talk.now, {"web": 5})
    made_before = targets(snapshot("old"), program(2))
    assert talk.commit(2, made_before) == ["translate host1"]
    fresh = Translated("host1", PLAN, talk.state.ports["host1"], program(5), talk.now)
    assert talk >> fresh == ["bridge 5"]


def test_a_restart_publishes_what_is_stored_and_nothing_else() -> None:
    talk = Conversation()
    assert talk.commit(7, targets(snapshot("a"), program(1))) == ["proxy a", "bridge 1"]
    assert talk.state.revision == 7


def test_who_leaves_a_capture_keeps_its_filter_chain_until_the_bridge_stops_steering() -> None:
    talk = running()
    wanted = targets(snapshot("old"), program(2))
    between = {"host1": snapshot("old", "chain-of-the-leaving")}
    wanted = replace(wanted, between=between)
    assert talk.commit(2, wanted) == ["proxy chain-of-the-leaving old"]
    assert talk.ack_proxy() == ["bridge 2"]
    assert talk.ack_bridge() == ["proxy old"]
    assert talk.ack_proxy() == ["reached 2"]
