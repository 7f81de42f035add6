"""Packets leave by one port: here, through the tunnel, or to the proxy."""

from tests.plans import routed, shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features import delivery
from translators.openflow.fields import (
    DESTINATION,
    ETH_DST,
    ETH_IPV4,
    ETH_SRC,
    ETH_TYPE,
    FROM_PROXY,
    FROM_TUNNEL,
    IP_TTL,
    ORIGIN,
    PROXY_MAC,
    SEGMENT,
    TUN_DST,
    TUN_ID,
    VIRTUAL_MAC,
)
from translators.openflow.flow import DecTtl, Flow, Output, Punt, SetField, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")


def _met(table: Table, ports: dict[str, int], target: int, origin: int = 0) -> Flow:
    made = program(delivery.flows(Site(PLAN, PLAN.host["host1"], ports)), ())
    flow = find(made, table, {DESTINATION: target, ORIGIN: origin})
    assert flow is not None
    return flow


def test_a_local_workload_gets_its_own_mac() -> None:
    flow = _met(Table.DELIVER, dict(PORTS), 3)
    assert flow.actions == (SetField(ETH_DST, 0x020000000003), Output(PORTS["reviews-2"]))


def test_a_remote_workload_is_reached_through_its_hosts_tunnel() -> None:
    flow = _met(Table.DELIVER, dict(PORTS), 4)
    assert flow.actions == (
        SetField(ETH_DST, 0x020000000004),
        SetField(TUN_ID, 10010),
        SetField(TUN_DST, 0x0AFF0202),
        Output(PORTS["fsdn-tun"]),
    )


def test_nothing_goes_back_into_the_tunnel() -> None:
    assert _met(Table.DELIVER, dict(PORTS), 4, FROM_TUNNEL).drops
    assert not _met(Table.DELIVER, dict(PORTS), 3, FROM_TUNNEL).drops


def test_steering_needs_a_proxy() -> None:
    steered = _met(Table.STEER, dict(PORTS), 0)
    assert steered.actions == (SetField(ETH_DST, PROXY_MAC), Output(PORTS["fsdn-proxy"]))
    assert _met(Table.STEER, {"web": 1}, 0).drops


def test_without_a_tunnel_the_remote_is_out_of_reach() -> None:
    assert _met(Table.DELIVER, {"web": 1}, 4).drops


FRONT, BACK = 1 << 16 | 77, 2 << 16 | 77  # numbers of segments above the zone of their router


def _routed(segment: int, target: int, ttl: int = 64, origin: int = 0) -> Flow:
    plan = routed(PLAN)
    made = program(delivery.flows(Site(plan, plan.host["host1"], PORTS)), ())
    frame = {DESTINATION: target, SEGMENT: segment, ETH_TYPE: ETH_IPV4, IP_TTL: ttl}
    flow = find(made, Table.DELIVER, {**frame, ORIGIN: origin})
    assert flow is not None
    return flow


def test_a_router_stands_between_segments_only() -> None:
    near, far = _routed(FRONT, 3), _routed(BACK, 3)
    assert near.actions == (SetField(ETH_DST, 0x020000000003), Output(PORTS["reviews-2"]))
    assert far.actions == (DecTtl(), SetField(ETH_SRC, VIRTUAL_MAC), *near.actions)


def test_what_is_routed_travels_in_the_destinations_segment() -> None:
    flow = _routed(FRONT, 5)
    assert SetField(TUN_ID, 10020) in flow.actions
    assert DecTtl() in flow.actions
    assert DecTtl() not in _routed(BACK, 5).actions
    assert SetField(TUN_ID, 10020) in _routed(BACK, 5).actions


def test_time_runs_out_between_segments_only() -> None:
    for ttl in (0, 1):
        assert cause_of(_routed(BACK, 3, ttl).cookie) is Cause.EXPIRED
        assert _routed(BACK, 3, ttl).actions == (Punt(),)  # its sender is here, and hears of it
        assert _routed(BACK, 3, ttl, origin=FROM_PROXY).drops
        assert not _routed(FRONT, 3, ttl).drops
    assert not _routed(BACK, 3, 2).drops


def test_what_comes_through_the_tunnel_must_have_the_destinations_vni() -> None:
    assert not _routed(FRONT, 3, origin=FROM_TUNNEL).drops
    assert _routed(BACK, 3, origin=FROM_TUNNEL).drops
