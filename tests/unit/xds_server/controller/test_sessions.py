"""Connections get the plan's names; a killed one is met in both directions and then forgotten."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import shop_plan
from translators.openflow.cookie import Cause, cause_of
from xds_server.controller.host_agents import Answer, Seen
from xds_server.controller.sessions import Wanted, kill_orders, sessions_of
from xds_server.protocols.openflow.inventory import Owner
from xds_server.protocols.openflow.orders import CtFlush, ShortFlow
from xds_server.protocols.unixctl.conntrack import Connection, Way

PLAN = shop_plan()
WEB, VIP, STOCK = (ip_address(f"10.10.0.{n}") for n in (11, 201, 31))
NUMBER = next(s for s in PLAN.services if s.name == "shop/stock").ports[0].number
LABEL = 8080 << 64 | NUMBER << 32 | PLAN.rule["shop/stock[0]"].number
ONE = Connection(
    6, Way(WEB, VIP, 41000, 80), Way(STOCK, WEB, 8080, 41000), 1, 4, LABEL, "ESTABLISHED"
)


def _found(*seen: Seen, host: str = "host1") -> list[str]:
    return [s.id for s in sessions_of(PLAN, host, Answer(seen))]


def test_a_connection_is_told_in_the_plans_words() -> None:
    (one,) = sessions_of(PLAN, "host1", Answer((Seen(ONE, 12.0),)))
    assert one.id.startswith("host1-")
    assert (one.source, one.service, one.endpoint) == ("shop/web", "shop/stock", "shop/stock")
    assert (one.rule, one.protocol, one.path, one.age) == ("shop/stock[0]", "tcp", "direct", 12.0)
    assert one.origin == "shop.yaml:1"
    assert one.ends.server == (STOCK, 8080)
    assert (one.packets, one.bytes) == (None, None)


def test_a_session_is_listed_where_its_client_is() -> None:
    assert _found(Seen(ONE, None))
    assert not _found(Seen(ONE, None), host="host2")
    stranger = replace(ONE, original=replace(ONE.original, source=ip_address("9.9.9.9")))
    assert not _found(Seen(stranger, None))


def test_a_revoked_or_captured_session_says_so() -> None:
    marks = {
        mark: sessions_of(PLAN, "host1", Answer((Seen(replace(ONE, mark=mark), None),)))[0].path
        for mark in (1, 2, 8, 68)
    }
    assert marks == {1: "client", 2: "proxy", 8: "outside", 68: "direct (cut)"}


def test_filters_take_names_with_and_without_tenant() -> None:
    (one,) = sessions_of(PLAN, "host1", Answer((Seen(ONE, None),)))
    for wanted in (
        Wanted(),
        Wanted(workload="web"),
        Wanted(workload="shop/stock"),
        Wanted(service="stock", policy="shop/stock"),
    ):
        assert wanted.covers(one)
    for wanted in (Wanted(workload="spy"), Wanted(service="reviews"), Wanted(policy="web")):
        assert not wanted.covers(one)


def test_a_kill_meets_both_directions_and_flushes_last() -> None:
    (one,) = sessions_of(PLAN, "host1", Answer((Seen(ONE, None),)))
    *flows, flush = kill_orders(one, 7)
    assert flush == CtFlush(1, one.ends.connection)
    assert len(flows) == 2
    for flow in flows:
        assert isinstance(flow, ShortFlow)
        assert cause_of(flow.entry.cookie) is Cause.KILLED
        assert not Owner().owns(flow.entry.cookie)  # or the next comparison would remove it
        assert flow.entry.instructions
    datagrams = replace(one, ends=replace(one.ends, protocol=17))
    drop = kill_orders(datagrams, 8)[0]
    assert isinstance(drop, ShortFlow)
    assert (drop.entry.instructions, drop.idle) == (b"", 30)


def test_a_session_drains_with_its_endpoint() -> None:
    def drains(mark: int, **changed: tuple[str, ...]) -> bool:
        services = tuple(
            replace(s, **changed) if s.name == "shop/stock" else s  # type: ignore[arg-type]
            for s in PLAN.services
        )
        plan = replace(PLAN, services=services)
        seen = Seen(replace(ONE, mark=mark), None)
        return sessions_of(plan, "host1", Answer((seen,)))[0].draining

    assert not drains(4)
    assert drains(4, draining=("shop/stock",))
    assert drains(4, endpoints=())
    assert drains(2, draining=("shop/stock",))
    assert not drains(2)
