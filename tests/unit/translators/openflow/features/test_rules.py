"""Rules at the source, in order, with the closures above them and the default below."""

from dataclasses import replace

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of, rule_of
from translators.openflow.features import rules
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    IP_PROTO,
    ORIGIN,
    PORT,
    SERVICE,
    SOURCE,
    TENANT,
)
from translators.openflow.flow import Flow, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Action, Plan, PortRange, Transport

WEB, REVIEWS_1, REVIEWS_2, STOCK = 1, 2, 3, 4


def _met(
    plan: Plan, source: int, target: int, port: int, service: int = 0, tenant: int = 1
) -> Flow:
    site = Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))
    frame = {
        TENANT: tenant,
        SOURCE: source,
        DESTINATION: target,
        SERVICE: service,
        PORT: port,
        ETH_TYPE: 0x800,
        IP_PROTO: 6,
    }
    flow = find(program(rules.flows(site), ()), Table.POLICY, frame)
    assert flow is not None
    return flow


def _rule(plan: Plan, flow: Flow) -> str:
    found = rule_of(plan, flow.cookie)
    return found.name if found is not None else ""


def test_a_service_is_allowed_and_its_endpoint_directly_is_not() -> None:
    plan = shop_plan()
    through = _met(plan, WEB, STOCK, 8080, service=2)
    assert (through.goto, _rule(plan, through)) == (Table.COMMIT, "shop/stock[0]")
    direct = _met(plan, WEB, STOCK, 8080)
    assert direct.drops
    assert cause_of(direct.cookie) is Cause.DEFAULT


def test_the_way_around_the_proxy_is_closed_whatever_rules_say() -> None:
    shop = shop_plan()
    everything = rule("shop/all[0]", 60, sources=("shop/web",), endpoints=("shop/reviews-1",))
    plan = replace(shop, rules=(everything, *shop.rules))
    closed = _met(plan, WEB, REVIEWS_1, 8080)
    assert closed.drops
    assert cause_of(closed.cookie) is Cause.CLOSURE
    assert _met(plan, WEB, REVIEWS_1, 22).goto == Table.COMMIT


def test_nobody_reaches_itself() -> None:
    flow = _met(shop_plan(), REVIEWS_2, REVIEWS_2, 80)
    assert flow.drops
    assert cause_of(flow.cookie) is Cause.OWN


def test_ports_are_held_against_the_endpoints_own() -> None:
    shop = shop_plan()
    some = rule(
        "shop/some[0]",
        61,
        sources=("shop/web",),
        endpoints=("shop/stock",),
        transport=Transport(protocol=6, ports=(PortRange(8000, 8079),)),
    )
    plan = replace(shop, rules=(some, *shop.rules))
    assert _met(plan, WEB, STOCK, 8079).goto == Table.COMMIT
    assert _met(plan, WEB, STOCK, 8080).drops


def test_the_first_rule_decides_and_defaults_differ() -> None:
    shop = shop_plan()
    to = {"sources": ("shop/web",), "endpoints": ("shop/stock",)}
    deny = rule("shop/no[0]", 62, action=Action.DENY, **to)
    allow = rule("shop/yes[0]", 63, **to)
    assert _met(replace(shop, rules=(deny, allow, *shop.rules)), WEB, STOCK, 1).drops
    assert _met(replace(shop, rules=(allow, deny, *shop.rules)), WEB, STOCK, 1).goto == Table.COMMIT
    assert _met(shop, 6, 7, 1, tenant=2).goto == Table.COMMIT  # the rival allows


def test_other_origins_have_tables_of_their_own() -> None:
    site = Site(shop_plan(), shop_plan().host["host1"], {"web": 1})
    made = program(rules.flows(site), ())
    found = [find(made, Table.POLICY, {ORIGIN: origin}) for origin in (1, 2)]
    assert [f.goto for f in found if f is not None] == [Table.PROXY, Table.ARRIVAL]
