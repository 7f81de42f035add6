"""Packets leave by one port: here, through the tunnel, or to the proxy."""

from tests.plans import shop_plan
from translators.openflow.features import delivery
from translators.openflow.fields import (
    DESTINATION,
    ETH_DST,
    FROM_TUNNEL,
    ORIGIN,
    PROXY_MAC,
    TUN_DST,
    TUN_ID,
)
from translators.openflow.flow import Flow, Output, SetField, program
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
