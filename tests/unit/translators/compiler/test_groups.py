from tests.unit.translators.compiler.small import (
    codes,
    plan_of,
    segment,
    service,
    workload,
)


def test_endpoints_come_by_selector_or_by_name() -> None:
    plan = plan_of(service(), service("one", selector=..., endpoints=["shop/api-2", "api-2"]))
    assert plan.service["shop/api"].endpoints == ("shop/api-1", "shop/api-2")
    assert plan.service["shop/one"].endpoints == ("shop/api-2",)


def test_a_selector_wants_every_label() -> None:
    both = service(selector={"app": "api", "version": "v2"})  # web has the version, api-1 the app
    assert plan_of(both).service["shop/api"].endpoints == ("shop/api-2",)


def test_subsets_are_parts_of_the_endpoints() -> None:
    (found,) = plan_of(service(subsets={"v1": {"version": "v1"}, "none": {"a": "b"}})).services
    assert [(s.name, s.endpoints) for s in found.subsets] == [("none", ()), ("v1", ("shop/api-1",))]


def test_the_segment_is_named_or_that_of_the_endpoints_or_the_only_one() -> None:
    back = segment("back", 20)
    far = workload("far", 31, "far", segment="back", addresses=["10.20.0.31"])
    plan = plan_of(back, far, service("s1"), service("s2", selector={"app": "far"}))
    assert plan.service["shop/s1"].segment == "shop/front"
    assert plan.service["shop/s2"].segment == "shop/back"
    empty = service(selector={"app": "x"})
    assert plan_of(empty).services[0].segment == "shop/front"
    assert "FS4007" in codes(back, empty)
    assert "FS4007" not in codes(back, service(selector={"app": "x"}, segment="back"))


def test_a_service_spans_one_segment() -> None:
    far = workload("far", 31, "api", segment="back", addresses=["10.20.0.31"])
    assert codes(segment("back", 20), far, service()) == ["FS4008"]
    assert codes(segment("back", 20), service(segment="back")) == ["FS4008"]


def test_a_workload_drains_by_itself_or_for_one_service() -> None:
    three = workload("api-3", 22, "api", drain=True)
    plan = plan_of(three, service("one", drain=["api-1"]), service("two"), service("none"))
    assert plan.service["shop/one"].draining == ("shop/api-1", "shop/api-3")
    assert plan.service["shop/two"].draining == ("shop/api-3",)
    assert plan.service["shop/two"].endpoints == ("shop/api-1", "shop/api-2", "shop/api-3")
    assert codes(service(drain=["nobody"])) == ["FS1101"]
