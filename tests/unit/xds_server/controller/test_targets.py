from collections.abc import Mapping
from dataclasses import replace

from tests.plans import shop_plan
from translators.envoy import translated
from translators.openflow.frames import synthetic_ports
from translators.plan.model import Plan
from xds_server.controller.targets import (
    Ports,
    Targets,
    bridge_program,
    relevant_ports,
    staying,
)
from xds_server.controller.targets import targets_of as targets_from

PLAN = shop_plan()
PORTS = {"host1": {"fsdn-proxy": 1, "fsdn-tun": 2, "web": 3}}


def targets_of(plan: Plan, ports: Mapping[str, Ports], made: Targets = Targets()) -> Targets:  # noqa: B008
    return targets_from(translated(plan, before=made.source), ports, made)


def test_every_device_has_a_target_and_bridges_once_their_ports_are_known() -> None:
    found = targets_of(PLAN, PORTS)
    assert set(found.proxies) == {host.name for host in PLAN.hosts}
    assert set(found.bridges) == {"host1"}
    assert set(found.switches) == {switch.name for switch in PLAN.switches}


def test_the_same_plan_has_the_same_versions() -> None:
    one, two = targets_of(PLAN, PORTS), targets_of(shop_plan(), PORTS)
    assert one == two
    assert one.bridges["host1"].version == two.bridges["host1"].version


def test_port_numbers_are_part_of_a_program() -> None:
    other = {"host1": {**PORTS["host1"], "web": 9}}
    assert targets_of(PLAN, PORTS).bridges != targets_of(PLAN, other).bridges


def test_every_flow_of_a_program_is_ours() -> None:
    flows = targets_of(PLAN, PORTS).bridges["host1"].flows
    assert flows
    assert {flow.cookie >> 48 for flow in flows.values()} == {0xF5D0}


def test_only_named_ports_are_relevant() -> None:
    ports = {"web": 3, "eth0": 7, "fsdn-tun": 2}
    assert relevant_ports(PLAN, "host1", ports) == {"fsdn-tun": 2, "web": 3}


def test_a_program_is_made_again_only_where_something_changed() -> None:
    ports = {host.name: synthetic_ports(PLAN, host.name) for host in PLAN.hosts}
    before = targets_of(PLAN, ports)
    same = targets_of(replace(PLAN, placements=()), ports, made=before)
    assert all(same.bridges[host] is before.bridges[host] for host in ports)
    moved = {**ports, "host1": {**ports["host1"], "web": 99}}
    after = targets_of(PLAN, moved, made=before)
    assert after.bridges["host2"] is before.bridges["host2"]
    assert after == targets_of(PLAN, moved)
    fewer = replace(PLAN, rules=PLAN.rules[1:])
    assert targets_of(fewer, ports, made=before) == targets_of(fewer, ports)


def test_a_bridge_without_any_port_gets_a_program_of_its_own() -> None:
    assert targets_of(PLAN, {"host1": {}}).bridges["host1"] == bridge_program(PLAN, "host1", {})


def test_who_leaves_a_capture_has_a_filter_chain_in_between() -> None:
    capture = PLAN.captures[0]
    stranger = next(
        e.name
        for e in PLAN.endpoints
        if e.host == "host1"
        and e.name not in capture.sources
        and e.segment == PLAN.service[capture.service].segment
    )
    more = replace(capture, sources=tuple(sorted((*capture.sources, stranger))))
    old = replace(PLAN, captures=(more, *PLAN.captures[1:]))
    assert staying(PLAN, old).captures[0].sources == more.sources
    assert staying(old, PLAN) == old
    found = targets_of(PLAN, {}, made=targets_of(old, {}))
    assert set(found.between) == {"host1"}
    assert found.between["host1"] == targets_of(old, {}).proxies["host1"]
    assert targets_of(PLAN, {}, made=targets_of(PLAN, {})).between == {}
