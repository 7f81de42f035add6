from tests.properties.worlds import Thing
from tests.unit.translators.compiler.small import compiled, plan_of, policy, segment, workload


def at(number: int, **more: object) -> Thing:
    name = {10: "front", 20: "back"}[number]
    gateways = [f"10.{number}.0.1", f"fd10:{number}::1"]
    return segment(name, number, **{"gateways": gateways, "router": "main", **more})


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in compiled(*more).diagnostics]


def test_a_router_is_a_zone_of_its_own() -> None:
    plan = plan_of(at(10), at(20))
    front, back = plan.segment["shop/front"], plan.segment["shop/back"]
    assert front.router == back.router
    assert front.router is not None
    assert front.router.name == "shop/main"
    assert len({front.zone, front.number, back.number}) == 3


def test_another_segment_at_the_router_renumbers_nothing() -> None:
    first = compiled(at(10))
    assert "shop:main" in first.allocations.segments
    both = compiled(at(10), at(20))
    assert both.allocations.segments.items() >= first.allocations.segments.items()


def test_segments_of_a_router_have_addresses_of_their_own() -> None:
    subnets = ["10.10.0.128/25", "fd10:20::/64"]
    other = at(20, subnets=subnets, gateways=["10.10.0.129", "fd10:20::1"], services=[])
    assert found(at(10), other) == [("FS2022", "spec.subnets[0]")]
    assert found(at(10), {**other, "spec": {**other["spec"], "router": "side"}}) == []


def test_segments_of_a_router_have_one_mtu() -> None:
    assert found(at(10), at(20, mtu=9000)) == [("FS2023", "spec.router")]


def test_rules_between_joined_segments_have_traffic() -> None:
    far = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
    rule = policy("p", {"action": "allow"}, to=[{"workload": "far"}])
    assert found(at(10), at(20), far, rule) == []
    assert found(at(10), at(20, router="side"), far, rule) == [("FS4003", "")]
