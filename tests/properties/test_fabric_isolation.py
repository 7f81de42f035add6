"""Bare ports of different segments share nothing; the order of the input changes nothing."""

import json
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.plans import ORIGIN, host, segment, shop_plan
from translators.fabric import explain, switch_model, translate
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import Action, Link, Plan, Role, Switch, SwitchPort

SEGMENTS = tuple(
    segment(name, number, 10000 + number)
    for number, name in enumerate(("rival/lan", "shop/back", "shop/front"), start=1)
)
LEAVES = ("leaf1", "leaf2")
PORT_NAMES = ("a", "b", "c", "d")

membership = st.dictionaries(
    st.tuples(st.sampled_from(LEAVES), st.sampled_from(PORT_NAMES)),
    st.sampled_from([s.name for s in SEGMENTS]),
)


def _plan(members: dict[tuple[str, str], str]) -> Plan:
    leaves = tuple(
        Switch(
            leaf,
            Role.LEAF,
            65001 + number,
            IPv4Address(f"10.254.0.1{number}"),
            tuple(sorted(SwitchPort(p, s) for (at, p), s in members.items() if at == leaf)),
            ORIGIN,
        )
        for number, leaf in enumerate(LEAVES)
    )
    spine = Switch("spine1", Role.SPINE, 65000, IPv4Address("10.254.0.1"), (), ORIGIN)
    links = tuple(Link(f"spine1-{x}", ("spine1", x), (x, "spine1"), ORIGIN) for x in LEAVES)
    hosts = (host("host1", 1, "leaf1"), host("host2", 2, "leaf2"))
    return Plan(segments=SEGMENTS, hosts=hosts, switches=(*leaves, spine), links=links)


def _bridges(text: str) -> dict[str, str]:
    """Bare port -> bridge, out of what the agent is given."""
    devices: list[dict[str, Any]] = json.loads(text)["devices"]
    return {d["name"]: d["bridge"] for d in devices if d["kind"] == "port"}


def _vnis(text: str) -> dict[str, int]:
    devices: list[dict[str, Any]] = json.loads(text)["devices"]
    return {d["bridge"]: d["vni"] for d in devices if d["kind"] == "vxlan"}


@given(members=membership)
def test_ports_share_a_network_exactly_when_they_share_a_segment(
    members: dict[tuple[str, str], str],
) -> None:
    plan = _plan(members)
    networks = {}
    for leaf in LEAVES:
        text = translate(plan, leaf).links
        vnis = _vnis(text)
        networks |= {(leaf, port): vnis[bridge] for port, bridge in _bridges(text).items()}
    assert networks.keys() == members.keys()
    for one in members:
        for other in members:
            shares = networks[one] == networks[other]
            assert shares is (members[one] == members[other])


@given(members=membership)
def test_each_vni_imports_its_own_target_only(members: dict[tuple[str, str], str]) -> None:
    plan = _plan(members)
    for leaf in LEAVES:
        lines = [line.strip() for line in translate(plan, leaf).frr.splitlines()]
        wanted = {plan.segment[s].vni for (at, _), s in members.items() if at == leaf}
        assert {int(x.split()[1]) for x in lines if x.startswith("vni ")} == wanted
        for direction in ("import", "export"):
            mark = f"route-target {direction} "
            targets = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
            assert sorted(int(t.split(":")[1]) for t in targets) == sorted(wanted)


@given(members=membership, data=st.data())
def test_input_order_changes_nothing(
    members: dict[tuple[str, str], str], data: st.DataObject
) -> None:
    plan = _plan(members)

    def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(data.draw(st.permutations(values)))

    other = Plan(
        segments=shuffled(plan.segments),
        hosts=shuffled(plan.hosts),
        switches=shuffled(tuple(replace(s, ports=shuffled(s.ports)) for s in plan.switches)),
        links=shuffled(
            tuple(
                replace(link, a=link.b, b=link.a) if data.draw(st.booleans()) else link
                for link in plan.links
            )
        ),
    )
    for switch in plan.switches:
        assert translate(other, switch.name) == translate(plan, switch.name)
        assert switch_model(other, switch.name) == switch_model(plan, switch.name)


SHOP = shop_plan()
ADDRESSES = sorted(str(a) for a in (*SHOP.by_address, *SHOP.by_vip))


@given(
    source=st.sampled_from(sorted(SHOP.endpoint)),
    destination=st.sampled_from(ADDRESSES),
    protocol=st.sampled_from([1, 6, 17]),
    port=st.sampled_from([0, 80, 8080]),
)
def test_the_fabric_carries_what_is_allowed_and_never_filters(
    source: str, destination: str, protocol: int, port: int
) -> None:
    target = ip_address(destination)
    own = next((a for a in SHOP.endpoint[source].addresses if a.version == target.version), None)
    if own is None:
        return
    packet = Packet(source, own, target, protocol, 40000, port)
    verdict = evaluate(SHOP, packet)
    steps = explain(SHOP, packet)
    assert {step.verdict for step in steps} <= {"carry"}
    hosts = {SHOP.endpoint[t.endpoint].host for t in verdict.targets}
    if verdict.steered:
        hosts = {SHOP.endpoint[e].host for e in SHOP.by_vip[target].endpoints}
    away = hosts - {SHOP.endpoint[source].host}
    assert bool(steps) is bool(away and verdict.action is Action.ALLOW)
