"""Listeners."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import rule, shop_plan
from tests.unit.translators.envoy.doors import (
    door_of,
    with_captured,
    with_protocol,
    with_rules,
)
from translators.envoy.filters.access_log import Logged
from translators.envoy.listeners import listener, stat_prefix
from translators.plan.model import Action, AppProtocol, Plan


def _filters(plan: Plan) -> list[str]:
    message = listener(*door_of(plan), Logged.NOTHING)
    return [f.name.rpartition(".")[2] for f in message.filter_chains[0].filters]


def test_the_listener_is_transparent_on_the_services_own_address() -> None:
    message = listener(*door_of(), Logged.NOTHING)
    assert message.address is not None
    assert message.address.socket_address is not None
    assert message.address.socket_address.address == "10.10.0.200"
    assert (message.transparent, message.freebind) == (True, True)
    assert [f.name for f in message.listener_filters] == ["envoy.filters.listener.original_src"]


def test_each_group_has_a_chain_for_its_addresses_and_there_is_no_other() -> None:
    plan = with_captured(shop_plan(), "shop/reviews-2", "shop/web")
    message = listener(*door_of(plan, family=6), Logged.NOTHING)
    matches = [chain.filter_chain_match for chain in message.filter_chains]
    assert [
        [(r.address_prefix, r.prefix_len) for r in match.source_prefix_ranges]
        for match in matches
        if match is not None
    ] == [[("fd10:10::22", 128)], [("fd10:10::11", 128)]]
    assert message.default_filter_chain is None


def test_more_addresses_of_a_family_are_additional() -> None:
    door, found = door_of()
    vips = (*door.service.vips, ip_address("10.10.0.210"))
    more = replace(door, service=replace(door.service, vips=vips))
    (extra,) = listener(more, found, Logged.NOTHING).additional_addresses
    assert extra.address is not None
    assert extra.address.socket_address is not None
    assert extra.address.socket_address.address == "10.10.0.210"


def test_a_raw_port_is_proxied_or_closed_by_its_one_rule() -> None:
    raw = with_protocol(shop_plan(), AppProtocol.TCP)
    fields = {"sources": ("shop/web",), "services": ("shop/reviews",)}
    allowed = rule("shop/p[0]", 1, **fields)
    denied = rule("shop/p[0]", 1, action=Action.DENY, **fields)
    assert _filters(with_rules(raw, allowed)) == ["tcp_proxy"]
    assert _filters(with_rules(raw, denied)) == ["rbac", "tcp_proxy"]
    assert _filters(with_rules(raw)) == ["rbac", "tcp_proxy"], "the tenant's default is to deny"


def test_statistics_have_no_divider_in_their_prefix() -> None:
    assert stat_prefix(door_of()[0]) == "shop_reviews_80_ipv4"
