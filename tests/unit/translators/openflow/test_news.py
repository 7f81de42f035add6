from dataclasses import replace

from tests.plans import shop_plan
from translators.openflow.news import News, news

PLAN = shop_plan()


def test_the_same_plan_has_no_news() -> None:
    assert news(PLAN, PLAN) == News()
    assert news(PLAN, shop_plan()) == News()


def test_what_no_bridge_knows_of_is_no_news() -> None:
    assert news(PLAN, replace(PLAN, placements=(), switches=(), links=())) == News()


def test_a_moved_endpoint_is_news_of_its_services_and_of_the_rules_that_name_it() -> None:
    service = PLAN.services[0]
    moved = replace(PLAN.endpoint[service.endpoints[0]], mac="02:00:00:00:99:99")
    ends = tuple(moved if e.name == moved.name else e for e in PLAN.endpoints)
    found = news(PLAN, replace(PLAN, endpoints=ends))
    assert found.parts == {"endpoints"}
    assert {moved.name, service.name} <= found.names
    assert not any(found.concern(rule) for rule in PLAN.rules)  # they are about identities
    renumbered = replace(moved, identity=4711)
    ends = tuple(renumbered if e.name == moved.name else e for e in PLAN.endpoints)
    found = news(PLAN, replace(PLAN, endpoints=ends))
    for rule in PLAN.rules:
        names = {*rule.sources, *rule.endpoints, *rule.services}
        assert found.concern(rule) == bool(names & found.names)


def test_a_rule_is_news_as_it_was_and_as_it_is() -> None:
    old = PLAN.rules[0]
    new = replace(old, sources=old.sources[:1])
    found = news(PLAN, replace(PLAN, rules=(new, *PLAN.rules[1:])))
    assert set(found.rules) == {old, new}
    assert not found.names
    assert found.judged >= PLAN.index.concerned(old)


def test_another_order_is_news_for_every_service() -> None:
    found = news(PLAN, replace(PLAN, rules=PLAN.rules[::-1]))
    assert found.reordered
    assert not found.rules
    assert found.judged == PLAN.service.keys()


def test_a_capture_is_news_of_its_service_and_of_whom_it_captures() -> None:
    capture = PLAN.captures[0]
    found = news(PLAN, replace(PLAN, captures=PLAN.captures[1:]))
    assert {capture.service, *capture.sources} <= found.names
    assert found.concern_capture(capture)
