"""Packets of the plan as the bridges meet them."""

from ipaddress import ip_address

from tests.plans import shop_plan
from translators.openflow.fields import (
    ETH_SRC,
    IN_PORT,
    IPV4_SRC,
    PROXY_MAC,
    SOURCE,
    TCP_DST,
    TUN_DST,
    TUN_ID,
    TUN_SRC,
    UDP_DST,
)
from translators.openflow.frames import (
    from_proxy,
    from_tunnel,
    from_workload,
    receiver_of,
    synthetic_ports,
)
from translators.plan.evaluate import Packet

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")
PACKET = Packet("shop/web", ip_address("10.10.0.11"), ip_address("10.10.0.31"), 6, 40000, 80)


def test_ports_are_numbered_in_sorted_order() -> None:
    assert list(PORTS) == sorted(PORTS)
    assert list(PORTS.values()) == list(range(1, len(PORTS) + 1))
    assert {"web", "spy", "reviews-2", "fsdn-proxy", "fsdn-tun"} == set(PORTS)


def test_a_workload_speaks_for_itself() -> None:
    frame = from_workload(PLAN, PACKET, PORTS)
    assert (frame[IN_PORT], frame[ETH_SRC]) == (PORTS["web"], 0x020000000001)
    assert (frame[TCP_DST], frame[IPV4_SRC]) == (80, 0x0A0A000B)
    assert UDP_DST not in frame


def test_a_proxy_speaks_with_its_clients_address() -> None:
    frame = from_proxy(PLAN, PACKET, PORTS)
    assert (frame[IN_PORT], frame[ETH_SRC]) == (PORTS["fsdn-proxy"], PROXY_MAC)
    assert frame[IPV4_SRC] == 0x0A0A000B


def test_the_tunnel_carries_the_network_id_but_no_register() -> None:
    host1, host2 = PLAN.host["host1"], PLAN.host["host2"]
    sent = {SOURCE: 1, TUN_ID: 10010, TUN_DST: 0x0AFF0202, TCP_DST: 80}
    assert receiver_of(PLAN, sent) is host2
    assert receiver_of(PLAN, {}) is None
    met = from_tunnel(sent, host1, host2, synthetic_ports(PLAN, "host2"))
    assert SOURCE not in met
    assert TUN_DST not in met
    assert (met[TUN_ID], met[TUN_SRC], met[TCP_DST]) == (10010, 0x0AFF0102, 80)
