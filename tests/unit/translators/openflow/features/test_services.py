"""Virtual addresses lead to the proxy, to a group, or nowhere."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import rule, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features import services
from translators.openflow.fields import ETH_TYPE, IPV4_SRC, IPV6_SRC, SERVICE, SOURCE
from translators.openflow.flow import Flow, ToGroup, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Affinity, Plan, Share


def _site(plan: Plan) -> Site:
    return Site(plan, plan.host["host1"], synthetic_ports(plan, "host1"))


def _balanced(plan: Plan, cause: Cause) -> list[Flow]:
    made = program(services.flows(_site(plan))).flows
    return [f for f in made if f.table == Table.BALANCE and cause_of(f.cookie) is cause]


def test_captured_sources_are_steered_in_both_families() -> None:
    found = _balanced(shop_plan(), Cause.CAPTURE)
    assert [f.goto for f in found] == [Table.COMMIT, Table.COMMIT]
    assert {t[1] for f in found for t in f.match if t[0] is ETH_TYPE} == {0x800, 0x86DD}
    assert all((SOURCE, 1, None) in f.match for f in found)


def test_others_are_balanced() -> None:
    plan = shop_plan()
    (four,) = [
        f
        for f in _balanced(plan, Cause.SERVICE)
        if set(f.match) == {(ETH_TYPE, 0x800, None), (SERVICE, 2, None)}
    ]
    number = services.group_number(plan.service["shop/stock"].ports[0], 4)
    assert four.actions == (ToGroup(number),)
    group = next(g for g in program(services.groups(_site(plan))).groups if g.number == number)
    assert [bucket.number for bucket in group.buckets] == [4]


def test_a_family_without_endpoints_drops_and_says_so() -> None:
    plan = shop_plan()
    four = tuple(
        replace(e, addresses=e.addresses[:1]) if e.name == "shop/stock" else e
        for e in plan.endpoints
    )
    plan = replace(plan, endpoints=four)
    (empty,) = (f for f in _balanced(plan, Cause.EMPTY) if f.match)
    assert empty.drops
    assert (ETH_TYPE, 0x86DD, None) in empty.match
    port = plan.service["shop/stock"].ports[0]
    numbers = {g.number for g in program(services.groups(_site(plan))).groups}
    assert services.group_number(port, 6) not in numbers
    assert services.group_number(port, 4) in numbers


def test_a_source_without_a_weighed_endpoint_is_dropped_and_others_have_weights() -> None:
    shop = shop_plan()
    routed = rule("shop/r[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    drained = replace(routed, balance=(Share("v1", 0),))
    plan = replace(shop, rules=(drained,), captures=())
    dropped = [f for f in _balanced(plan, Cause.EMPTY) if (SOURCE, 1, None) in f.match]
    assert len(dropped) == 2
    assert all(flow.drops for flow in dropped)
    weighed = replace(routed, balance=(Share("v1", 90), Share("v2", 10)))
    made = program(services.groups(_site(replace(shop, rules=(weighed,), captures=())))).groups
    assert [9, 1] in [[bucket.weight for bucket in group.buckets] for group in made]


def test_another_port_of_a_virtual_address_drops() -> None:
    made = [
        f for f in program(services.flows(_site(shop_plan()))).flows if f.table == Table.VIRTUAL
    ]
    unserved = [f for f in made if cause_of(f.cookie) is Cause.UNSERVED]
    assert len(unserved) == 4
    assert all(f.drops for f in unserved)
    vip = int(ip_address("10.10.0.200"))
    assert any(vip in (t[1] for t in f.match) for f in unserved)


def test_a_service_with_affinity_goes_by_the_client_and_each_weight_is_buckets() -> None:
    shop = shop_plan()
    sticky = tuple(replace(s, affinity=Affinity.CLIENT_IP) for s in shop.services)
    routed = rule("shop/r[0]", 51, sources=("shop/web",), services=("shop/reviews",))
    weighed = replace(routed, balance=(Share("v1", 3), Share("v2", 1)))
    plan = replace(shop, services=sticky, rules=(weighed,), captures=())
    made = program(services.groups(_site(plan))).groups
    assert {group.fields for group in made} == {(IPV4_SRC,), (IPV6_SRC,)}
    assert {bucket.weight for group in made for bucket in group.buckets} == {1}
    (own,) = [g for g in made if g.number >= 1 << 25 and g.fields == (IPV4_SRC,)]
    ends = [bucket.actions[0].value for bucket in own.buckets]  # type: ignore[union-attr]
    assert sorted(ends.count(end) for end in set(ends)) == [1, 3]
    assert len({bucket.number for bucket in own.buckets}) == 4


def test_an_endpoint_that_drains_is_in_no_group() -> None:
    shop = shop_plan()
    stock = shop.service["shop/stock"]
    draining = tuple(replace(s, draining=s.endpoints) if s is stock else s for s in shop.services)
    plan = replace(shop, services=draining)
    assert len([flow for flow in _balanced(plan, Cause.EMPTY) if flow.match]) == 2
    numbers = {g.number for g in program(services.groups(_site(plan))).groups}
    assert services.group_number(stock.ports[0], 4) not in numbers
