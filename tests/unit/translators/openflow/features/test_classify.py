"""Where packets come from, and whether their senders are who they say."""

from tests.plans import shop_plan
from translators.openflow.features import classify
from translators.openflow.fields import (
    ETH_SRC,
    IN_PORT,
    IPV4_SRC,
    ND_TARGET,
    SOURCE,
    TUN_ID,
    TUN_SRC,
    VIRTUAL_MAC,
)
from translators.openflow.flow import Flow, SetField, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")
FLOWS = program(classify.flows(Site(PLAN, PLAN.host["host1"], PORTS))).flows


def _with(table: Table, **held: int) -> list[Flow]:
    named = {"port": IN_PORT, "source": IPV4_SRC, "vni": TUN_ID}
    wanted = {(named[name], value, None) for name, value in held.items()}
    return [f for f in FLOWS if f.table == table and wanted <= set(f.match)]


def test_a_workloads_port_gives_its_identity() -> None:
    (flow,) = _with(Table.CLASSIFY, port=PORTS["web"])
    assert SetField(SOURCE, 1) in flow.actions
    assert flow.goto == Table.SPOOF


def test_a_workload_must_use_its_own_mac_and_address() -> None:
    (flow,) = _with(Table.SPOOF, port=PORTS["web"], source=0x0A0A000B)
    assert (ETH_SRC, 0x020000000001, None) in flow.match
    assert not _with(Table.SPOOF, port=PORTS["web"], source=0x0A0A0016)


def test_the_proxy_speaks_for_captured_workloads_and_services_alone() -> None:
    (client,) = _with(Table.SPOOF, port=PORTS["fsdn-proxy"], source=0x0A0A000B)
    assert SetField(SOURCE, 1) in client.actions
    assert SetField(ETH_SRC, VIRTUAL_MAC) in client.actions
    (service,) = _with(Table.SPOOF, port=PORTS["fsdn-proxy"], source=0x0A0A00C8)
    assert SetField(SOURCE, 0) in service.actions
    assert not _with(Table.SPOOF, port=PORTS["fsdn-proxy"], source=0x0A0A00C9)  # nobody captured
    assert not _with(Table.SPOOF, port=PORTS["fsdn-proxy"], source=0x0A0A0016)


def test_the_tunnel_brings_our_segments_from_their_own_hosts() -> None:
    tunnel = PORTS["fsdn-tun"]
    assert _with(Table.CLASSIFY, port=tunnel, vni=10010)
    assert not _with(Table.CLASSIFY, port=tunnel, vni=10020)  # nobody of it is here
    (remote,) = _with(Table.SPOOF, port=tunnel, source=0x0A0A001F)
    assert (TUN_SRC, 0x0AFF0202, None) in remote.match
    assert not _with(Table.SPOOF, port=tunnel, source=0x0A0A000B)  # that one lives here


def test_nobody_but_the_bridge_advertises() -> None:
    drops = [f for f in FLOWS if f.priority == 200]
    assert len(drops) == 4
    assert all(f.drops for f in drops)
    assert not any(test[0] is ND_TARGET for f in FLOWS for test in f.match)
