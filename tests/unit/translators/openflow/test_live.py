"""A trace beside what its program should do: equal, or named where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.plans import shop_plan
from tests.traces import printed
from translators.openflow import live
from translators.openflow.bridge import bridge_of
from translators.openflow.flow import Program, ToGroup
from translators.openflow.frames import synthetic_ports
from translators.openflow.live import Compared, Probe, ProbeError, World, compared, probe
from translators.openflow.simulate import group_of, simulate
from translators.openflow.tables import Table
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import TCP, Action, Plan

PLAN = shop_plan()
WORLD = World(PLAN, {name: synthetic_ports(PLAN, name) for name in PLAN.host})
WEB = PLAN.endpoint["shop/web"]
STOCK = Packet("shop/web", WEB.addresses[0], ip_address("10.10.0.201"), TCP, 40000, 80)
DENIED = replace(STOCK, destination=ip_address("10.10.0.31"))


def _way(asked: Probe | None) -> list[Compared]:
    found = []
    while asked is not None:
        trace = simulate(asked.program, asked.frame, found=asked.found)
        found.append(compared(WORLD, asked, printed(trace)))
        asked = found[-1].onward
    return found


@pytest.mark.parametrize("established", [False, True])
def test_a_way_through_the_tunnel_asks_both_bridges(established: bool) -> None:
    way = _way(probe(WORLD, STOCK, established))
    assert [one.host.name for one in way] == ["host1", "host2"]
    assert all(one.same for one in way), way
    tables = [{row.table for row in one.rows} for one in way]
    assert all((Table.REVOKE in met) == established for met in tables)


def test_connection_tracking_is_told_what_it_finds() -> None:
    new, stands = probe(WORLD, STOCK), probe(WORLD, STOCK, established=True)
    assert new.states == ("new,trk",) * 4
    assert stands.states == ("est,trk,dnat", *("new,trk",) * 3)
    assert "ip_dst=10.10.0.201" in new.flow
    assert "tcp_flags=0x2" in new.flow
    # As the endpoint's: a trace translates nothing that it has not committed.
    assert "ip_dst=10.10.0.31" in stands.flow
    assert "tcp_flags=0x10" in stands.flow
    assert "ct_mark=0x4,ct_label=0x1f90" in stands.flow


def test_another_flow_another_table_and_another_end_are_differences() -> None:
    asked = probe(WORLD, STOCK)
    trace = simulate(asked.program, asked.frame)
    text = printed(trace)
    (policy,) = [flow for flow in trace.flows if flow.table == Table.POLICY]
    foreign = text.replace(f"cookie {policy.cookie:#x}", "cookie 0xbad")
    found = compared(WORLD, asked, foreign)
    (row,) = [row for row in found.rows if not row.same]
    assert (row.table, row.real and row.real.cookie) == (Table.POLICY, 0xBAD)
    elsewhere = compared(
        WORLD, asked, text.replace("\n    set_field", "\n99. No match.\n    set_field")
    )
    assert [(row.table, row.predicted) for row in elsewhere.rows if not row.same] == [(99, None)]
    moved = compared(WORLD, asked, text.replace(f"output:{trace.output}", "output:77"))
    assert (moved.same, moved.real, moved.onward) == (False, "output:77", None)
    carried = compared(WORLD, asked, text.replace("tp_dst=8080", "tp_dst=8081"))
    assert not carried.same
    assert (carried.predicted[-12:], carried.real[-12:]) == ("tcp_dst=8080", "tcp_dst=8081")


def test_a_bucket_that_the_bridge_chose_is_followed() -> None:
    plan = replace(PLAN, captures=(), rules=())
    tenants = tuple(replace(t, default=Action.ALLOW) for t in plan.tenants)
    world = World(replace(plan, tenants=tenants), WORLD.ports)
    asked = probe(world, replace(STOCK, destination=ip_address("10.10.0.200")))
    balanced = asked.new.at(Table.BALANCE)
    assert balanced is not None
    (to,) = [act for act in balanced.actions if isinstance(act, ToGroup)]
    group = group_of(asked.program, to.number)
    assert len(group.buckets) > 1
    for index, bucket in enumerate(group.buckets):
        trace = simulate(asked.program, asked.frame, index)
        text = printed(trace).replace("Final", f"     -> using bucket {bucket.number}\nFinal")
        assert compared(world, asked, text).same


def test_what_cannot_be_asked_is_a_sentence() -> None:
    with pytest.raises(ProbeError, match="would commit no such connection"):
        probe(WORLD, DENIED, established=True)
    with pytest.raises(ProbeError, match="ports of host host1's bridge are not known yet"):
        probe(World(PLAN, {}), STOCK)
    with pytest.raises(ProbeError, match="has no port web on the bridge host1/br-int"):
        probe(World(PLAN, {"host1": {}}), STOCK)


def test_a_world_takes_what_a_bridge_holds_of_its_own_plan_and_ports_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anew: list[str] = []

    def translated(plan: Plan, host: str, ports: Mapping[str, int]) -> Program:
        anew.append(host)
        return translate(plan, host, ports)

    monkeypatch.setattr(live, "translate", translated)
    ports = {name: synthetic_ports(PLAN, name) for name in PLAN.host}
    held = {name: bridge_of(PLAN, name, ports[name]) for name in PLAN.host}
    world = World(PLAN, ports, held)
    assert world.program("host1") == translate(PLAN, "host1", ports["host1"])
    assert world.program("host1") is world.program("host1")
    assert anew == []
    World(replace(PLAN), ports, held).program("host1")  # equal, and maybe not the same
    World(PLAN, {**ports, "host2": {**ports["host2"], "more": 99}}, held).program("host2")
    assert anew == ["host1", "host2"]
