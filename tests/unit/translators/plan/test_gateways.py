from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import routed, shop_plan
from translators.plan.evaluate import Packet, evaluate
from translators.plan.gateways import answers
from translators.plan.model import ICMP, ICMPV6, TCP, Action

PLAN = shop_plan()


def ping(gateway: str, by: str = "shop/web", protocol: int = ICMP) -> Packet:
    own = next(a for a in PLAN.endpoint[by].addresses if (a.version == 6) == (":" in gateway))
    return Packet(by, own, ip_address(gateway), protocol)


def test_a_gateway_answers_its_segment_whatever_policy_says() -> None:
    for packet in (ping("10.10.0.1"), ping("fd10:10::1", protocol=ICMPV6)):
        verdict = evaluate(replace(PLAN, rules=()), packet)
        assert (verdict.action, verdict.answered, verdict.rule) == (Action.ALLOW, True, None)
        assert verdict.reason == "the bridge itself answers pings of a gateway"


@pytest.mark.parametrize(
    "packet",
    [
        ping("10.20.0.1"),  # of a segment that no router joins
        ping("10.30.0.1"),  # of another tenant
        ping("10.10.0.1", by="rival/spy"),
        ping("10.10.0.1", protocol=TCP),
        ping("10.10.0.1", protocol=ICMPV6),
        ping("10.10.0.2"),
    ],
)
def test_it_answers_nobody_else_and_nothing_else(packet: Packet) -> None:
    assert not answers(PLAN, packet)
    assert evaluate(PLAN, packet).action is Action.DENY


def test_a_router_has_all_gateways_of_its_segments() -> None:
    joined = routed(PLAN)
    assert answers(joined, ping("10.20.0.1"))
    assert not answers(joined, ping("10.30.0.1"))


def test_a_forged_sender_gets_no_answer() -> None:
    forged = replace(ping("10.10.0.1"), source=ip_address("10.10.0.31"))
    assert evaluate(PLAN, forged).action is Action.DENY


def test_who_has_the_address_answers_by_policy() -> None:
    own = replace(PLAN.endpoint["shop/stock"], addresses=(ip_address("10.10.0.1"),))
    ends = tuple(own if e.name == own.name else e for e in PLAN.endpoints)
    assert not answers(replace(PLAN, endpoints=ends), ping("10.10.0.1"))
