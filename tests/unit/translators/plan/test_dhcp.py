from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import leasing, shop_plan
from translators.plan.dhcp import SPEECHES, clients, lease, link_local, spoken
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, UDP, Action

PLAN = leasing(shop_plan())
FOUR, SIX = SPEECHES
STOCK = PLAN.endpoint["shop/stock"]
WEB = str(link_local(PLAN.endpoint["shop/web"].mac))


def packet(by: str, source: str, to: str, port: int, protocol: int = UDP) -> Packet:
    return Packet(by, ip_address(source), ip_address(to), protocol, 68, port)


def leased(by: str, source: str, to: str, port: int, protocol: int = UDP) -> list[str]:
    return [e.name for e in lease(PLAN, packet(by, source, to, port, protocol))]


@pytest.mark.parametrize(
    ("source", "to", "port"), [("0.0.0.0", "255.255.255.255", 67), ("fe80::1", "ff02::1:2", 547)]
)
def test_a_client_without_an_address_reaches_the_server(source: str, to: str, port: int) -> None:
    verdict = evaluate(PLAN, packet("shop/web", source, to, port))
    assert (verdict.action, verdict.rule) == (Action.ALLOW, None)
    assert [(t.endpoint, t.port) for t in verdict.targets] == [("shop/stock", port)]
    assert evaluate(shop_plan(), packet("shop/web", source, to, port)).targets == ()


def test_the_server_reaches_one_or_all() -> None:
    assert leased("shop/stock", "10.10.0.31", "10.10.0.11", 68) == ["shop/web"]
    every = lease(PLAN, packet("shop/stock", "10.10.0.31", "255.255.255.255", 68))
    assert every == clients(PLAN, STOCK, FOUR)
    assert len(every) == 3


def test_an_answer_to_a_link_local_address_is_for_whom_it_is_made_of_or_for_all() -> None:
    assert leased("shop/stock", "fe80::31", WEB, 546) == ["shop/web"]
    assert leased("shop/stock", "fd10:10::31", "fd10:10::11", 546) == ["shop/web"]
    every = lease(PLAN, packet("shop/stock", "fe80::31", "fe80::abcd", 546))
    assert every == clients(PLAN, STOCK, SIX) != ()
    assert all(SIX.own(client) for client in every)


def test_a_server_is_spoken_with_in_the_families_that_it_has() -> None:
    assert [*spoken(STOCK)] == [FOUR, SIX]
    four = replace(STOCK, addresses=STOCK.addresses[:1])
    assert [*spoken(four)] == [FOUR]
    assert four not in clients(PLAN, PLAN.endpoint["shop/web"], SIX)


def test_a_link_local_address_is_made_of_a_mac() -> None:
    assert link_local("34:56:78:9a:bc:de") == ip_address("fe80::3656:78ff:fe9a:bcde")  # RFC 4291


def test_only_what_dhcp_needs() -> None:
    assert leased("shop/web", "0.0.0.0", "255.255.255.255", 67, TCP) == []
    assert leased("shop/web", "10.10.0.22", "255.255.255.255", 67) == []
    assert leased("shop/web", "10.10.0.11", "10.10.0.22", 67) == []
    assert leased("shop/stock", "10.10.0.31", "10.10.0.11", 67) == []
    assert leased("shop/stock", "fd10:10::31", "fd10:10::11", 68) == []
    assert leased("shop/audit", "0.0.0.0", "255.255.255.255", 67) == []


def test_only_what_dhcpv6_needs() -> None:
    assert leased("shop/web", "fe80::1", "ff02::1:2", 546) == []
    assert leased("shop/web", "fe80::1", "ff02::1", 547) == []
    assert leased("shop/web", "fe80::1", "fd10:10::31", 547) == []
    assert leased("shop/web", "fd10:10::22", "ff02::1:2", 547) == []
    assert leased("shop/stock", "fd10:10::11", WEB, 546) == []
    assert leased("shop/stock", "fe80::31", WEB, 547) == []
    assert leased("shop/stock", "fe80::31", "ff02::1", 546) == []
