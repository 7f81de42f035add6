import pytest

from tests.plans import rule
from translators.plan.model import Layer
from translators.plan.rules import (
    Compare,
    HttpMatch,
    PortRange,
    Route,
    Share,
    StringMatch,
    Transport,
    first_of,
)
from translators.plan.terms import ICMP, ICMPV6, TCP, UDP, Action


@pytest.mark.parametrize(
    ("transport", "packet", "covered"),
    [
        (Transport(), (4, UDP, 53), True),
        (Transport(family=6), (4, TCP, 80), False),
        (Transport(protocol=TCP), (6, TCP, 80), True),
        (Transport(protocol=TCP), (4, UDP, 80), False),
        (Transport(protocol=ICMP), (6, ICMPV6, 0), True),
        (Transport(protocol=TCP, ports=(PortRange(80, 81),)), (4, TCP, 81), True),
        (Transport(protocol=TCP, ports=(PortRange(80, 81),)), (4, TCP, 82), False),
        (Transport(protocol=TCP, ports=(PortRange(1, 2), PortRange(9, 9))), (4, TCP, 9), True),
    ],
)
def test_what_a_transport_covers(
    transport: Transport, packet: tuple[int, int, int], covered: bool
) -> None:
    assert transport.covers(*packet) is covered


def test_strings_are_compared_as_asked_and_absence_matches_nothing() -> None:
    assert StringMatch(Compare.EXACT, "a").matches("a")
    assert not StringMatch(Compare.EXACT, "a").matches("ab")
    assert StringMatch(Compare.PREFIX, "a").matches("ab")
    assert not StringMatch(Compare.PREFIX, "b").matches("ab")
    assert StringMatch(Compare.PRESENT).matches("")
    assert not StringMatch(Compare.PRESENT).matches(None)


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({}, False),
        ({"http": HttpMatch()}, True),
        ({"route": Route((Share(None, 1),))}, True),
        ({"enforce": Layer.PROXY}, True),
        ({"enforce": Layer.VSWITCH}, False),
    ],
)
def test_which_rules_need_a_proxy(fields: dict[str, object], needed: bool) -> None:
    assert rule("shop/a[0]", 1, **fields).needs_proxy is needed


def test_audits_are_met_before_the_rule_that_decides() -> None:
    audit = rule("shop/a[0]", 1, action=Action.AUDIT)
    deny, allow = rule("shop/a[1]", 2, action=Action.DENY), rule("shop/a[2]", 3)
    assert first_of((audit, deny, audit, allow)) == (deny, ("shop/a[0]",))
    assert first_of((audit,)) == (None, ("shop/a[0]",))
    assert first_of(()) == (None, ())
