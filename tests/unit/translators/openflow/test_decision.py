"""What decisions are made of: ranges as masks, transports as matches."""

import pytest

from translators.openflow.decision import masks, transport_tests
from translators.plan.model import PortRange, Transport


@pytest.mark.parametrize(
    ("first", "last"), [(80, 80), (0, 65535), (1, 65535), (1000, 1003), (5, 6), (80, 8080)]
)
def test_masks_cover_a_range_and_nothing_else(first: int, last: int) -> None:
    pairs = list(masks(PortRange(first, last)))
    for port in {0, 1, first - 1, first, last, last + 1, (first + last) // 2, 65535} - {-1, 65536}:
        held = [v for v, m in pairs if port & (0xFFFFFFFF if m is None else m) == v]
        assert len(held) == (first <= port <= last), port
    assert len(pairs) <= 30


def test_transports_become_matches() -> None:
    assert transport_tests(Transport()) == ((),)
    assert len(transport_tests(Transport(protocol=6))) == 2  # one a family
    assert len(transport_tests(Transport(family=4, protocol=6))) == 1
    assert len(transport_tests(Transport(protocol=1))) == 4  # ICMP and ICMPv6 alike
    assert transport_tests(Transport(protocol=58)) == ()
    ports = (PortRange(80, 80), PortRange(443, 443))
    assert len(transport_tests(Transport(family=6, protocol=6, ports=ports))) == 2
