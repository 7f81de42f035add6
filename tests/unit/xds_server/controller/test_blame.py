from dataclasses import replace

import pytest

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
from translators.openflow.cookie import Cause, cookie
from xds_server.controller.blame import located
from xds_server.controller.state import FLOWS, Committed, Untranslated
from xds_server.protocols.openflow.reconcile import describe
from xds_server.snapshots.evidence import Acked, Nacked, PortsChanged
from xds_server.snapshots.model import FlowEntry, FlowKey
from xds_server.status.model import State

RULE = PLAN.rules[0]


def flow(cause: Cause, number: int) -> str:
    return describe(FlowEntry(FlowKey(10, 5, b""), cookie(cause, number), b""))


def test_a_refused_flow_leads_to_its_line() -> None:
    refused = Nacked(BRIDGE, FLOWS, "v", 1.0, "BAD_MATCH", flow(Cause.RULE, RULE.number))
    assert located(PLAN, refused) == replace(refused, origin=str(RULE.origin))


def test_a_refused_group_leads_to_its_service() -> None:
    service = PLAN.services[0]
    for number in (service.ports[0].number << 1, service.ports[0].number << 1 | 1):
        refused = Nacked(BRIDGE, FLOWS, "v", 1.0, "OUT_OF_GROUPS", f"group {number}")
        assert located(PLAN, refused) == replace(refused, origin=str(service.origin))


@pytest.mark.parametrize("resource", ["", "group 4294900000", flow(Cause.NONE, 0), "cookie=0x1 x"])
def test_what_nobody_wrote_has_no_line(resource: str) -> None:
    refused = Nacked(BRIDGE, FLOWS, "v", 1.0, "no", resource)
    assert located(PLAN, refused) is refused


def test_a_line_that_is_known_stays() -> None:
    refused = Nacked(BRIDGE, FLOWS, "v", 1.0, "no", flow(Cause.RULE, RULE.number), "a.yaml:3")
    assert located(PLAN, refused) is refused
    acked = Acked(PROXY, LISTENER, "v", 1.0)
    assert located(PLAN, acked) is acked


def test_a_bridge_for_which_no_program_can_be_made_is_shown_so_and_mended_later() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    talk.connect(PROXY, BRIDGE)
    talk.ack_proxy()
    talk.ack_bridge()
    assert talk >> PortsChanged(BRIDGE, talk.now, {"web": 7}) == ["translate host1"]
    ports = talk.state.ports["host1"]
    assert talk >> Untranslated("host1", PLAN, ports, "too many rules", talk.now) == []
    known = talk.state.status.of(BRIDGE)
    assert known.overall is State.NACKED
    refusal = known.types[FLOWS].refusal
    assert refusal is not None
    assert "too many rules" in refusal.reason
    told = talk.commit(2, targets(snapshot("a"), program(1)), {"host1": ports})
    assert told == ["bridge 1", "reached 2"]
    assert talk.state.status.of(BRIDGE).overall is State.SYNCED  # it still holds that program


def test_a_fault_on_one_device_leaves_the_others_alone() -> None:
    talk = Conversation()
    talk.connect(PROXY, BRIDGE)
    wanted = replace(targets(snapshot("a"), None), faults={BRIDGE: "too many rules"})
    assert talk >> Committed(1, PLAN, wanted, PORTS, 1.0) == ["proxy a"]
    talk.ack_proxy()
    assert talk.state.status.of(PROXY).overall is State.SYNCED
    assert talk.state.status.of(BRIDGE).overall is State.NACKED
    assert not talk.state.acked
