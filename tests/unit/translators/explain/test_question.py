import pytest

from tests.plans import shop_plan
from translators.explain.question import Question, QuestionError, packet_of
from translators.plan.model import ICMP, ICMPV6, TCP, UDP

PLAN = shop_plan()
WEB = PLAN.endpoint["shop/web"]
REVIEWS = PLAN.service["shop/reviews"]


@pytest.mark.parametrize("source", ["web", "shop/web"])
@pytest.mark.parametrize("destination", ["reviews", "shop/reviews", str(REVIEWS.vips[0])])
def test_names_and_addresses_mean_the_same(source: str, destination: str) -> None:
    packet = packet_of(PLAN, Question(source, destination, protocol=TCP, port=80))
    assert packet.endpoint == "shop/web"
    assert packet.destination == REVIEWS.vips[0]
    assert packet.destination_port == 80


def test_a_hostname_is_a_destination() -> None:
    packet = packet_of(PLAN, Question("web", REVIEWS.hostnames[0]))
    assert packet.destination in REVIEWS.vips


def test_the_only_port_of_a_service_need_not_be_named() -> None:
    packet = packet_of(PLAN, Question("web", "reviews"))
    assert (packet.protocol, packet.destination_port) == (TCP, REVIEWS.ports[0].port)


def test_a_workload_needs_a_protocol() -> None:
    with pytest.raises(QuestionError, match="--tcp PORT"):
        packet_of(PLAN, Question("web", "spy"))
    packet = packet_of(PLAN, Question("web", "spy", protocol=UDP, port=53))
    assert packet.protocol == UDP


def test_a_ping_follows_its_address_family() -> None:
    four = packet_of(PLAN, Question("web", "reviews", protocol=ICMP))
    assert (four.protocol, four.destination_port, four.source_port) == (ICMP, 0, 0)
    if any(address.version == 6 for address in WEB.addresses):
        six = packet_of(PLAN, Question("web", "reviews", protocol=ICMP, family=6))
        assert (six.protocol, six.family) == (ICMPV6, 6)


def test_a_typing_error_gets_a_hint() -> None:
    with pytest.raises(QuestionError, match="did you mean"):
        packet_of(PLAN, Question("wbe", "reviews"))


def test_no_common_address_family_is_said() -> None:
    with pytest.raises(QuestionError, match="no addresses of one family"):
        packet_of(PLAN, Question("web", "spy", protocol=TCP, port=1, family=6))
