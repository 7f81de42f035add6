from ipaddress import ip_address

from tests.plans import leasing, shop_plan
from translators.plan.dhcp import clients, lease
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, UDP, Action

PLAN = leasing(shop_plan())


def packet(by: str, source: str, to: str, port: int, protocol: int = UDP) -> Packet:
    return Packet(by, ip_address(source), ip_address(to), protocol, 68, port)


def test_a_client_without_an_address_reaches_the_server() -> None:
    verdict = evaluate(PLAN, packet("shop/web", "0.0.0.0", "255.255.255.255", 67))
    assert (verdict.action, verdict.rule) == (Action.ALLOW, None)
    assert [(t.endpoint, t.port) for t in verdict.targets] == [("shop/stock", 67)]
    assert evaluate(shop_plan(), packet("shop/web", "0.0.0.0", "255.255.255.255", 67)).targets == ()


def test_the_server_reaches_one_or_all() -> None:
    one = lease(PLAN, packet("shop/stock", "10.10.0.31", "10.10.0.11", 68))
    assert [e.name for e in one] == ["shop/web"]
    every = lease(PLAN, packet("shop/stock", "10.10.0.31", "255.255.255.255", 68))
    assert every == clients(PLAN, PLAN.endpoint["shop/stock"])
    assert len(every) == 3


def test_only_what_dhcp_needs() -> None:
    assert lease(PLAN, packet("shop/web", "0.0.0.0", "255.255.255.255", 67, TCP)) == ()
    assert lease(PLAN, packet("shop/web", "10.10.0.22", "255.255.255.255", 67)) == ()
    assert lease(PLAN, packet("shop/web", "10.10.0.11", "10.10.0.22", 67)) == ()
    assert lease(PLAN, packet("shop/stock", "10.10.0.31", "10.10.0.11", 67)) == ()
    assert lease(PLAN, packet("shop/stock", "fd10:10::31", "fd10:10::11", 68)) == ()
    assert lease(PLAN, packet("shop/audit", "0.0.0.0", "255.255.255.255", 67)) == ()
