"""Rules asked one by one; the property tests hold a bridge that does so to one from nothing."""

from dataclasses import replace

from tests.plans import shop_plan
from translators.openflow.decision import Decision
from translators.openflow.fields import SERVICE
from translators.openflow.flow import match
from translators.openflow.news import News, news
from translators.openflow.ruled import Ruled, ruled
from translators.plan.model import Plan, Rule

PLAN = shop_plan()


class Asking:
    """Decides by a rule's number and services, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given: list[Decision | None] = []

    def __call__(self, rule: Rule, last: Decision | None) -> Decision:
        self.asked.append(rule.name)
        self.given.append(last)
        ways = ((tuple(match((SERVICE, len(name))) for name in rule.services or ("",)),),)
        return Decision(rule.number, 0, (1,) if rule.sources else (), ways)


def _again(plan: Plan, before: Ruled) -> tuple[Ruled, list[str]]:
    asking = Asking()
    return ruled(plan, asking, news(PLAN, plan), before), asking.asked


BEFORE = ruled(PLAN, Asking(), News())


def test_every_rule_that_decides_is_asked_at_first() -> None:
    rules = [rule for rule in PLAN.rules if rule.decides]
    assert list(BEFORE.by_rule) == [rule.name for rule in rules]
    assert [number for number, _ in BEFORE.keyed] == [rule.number for rule in rules]


def test_only_a_changed_rule_is_asked_again() -> None:
    old = PLAN.rules[0]
    new = replace(old, services=("shop/a-longer-name-than-others",))
    after, asked = _again(replace(PLAN, rules=(new, *PLAN.rules[1:])), BEFORE)
    assert asked == [old.name]
    assert after.changed == {(old.number, 0)}
    assert after.follows is BEFORE.token
    assert list(after.keyed) == list(BEFORE.keyed)


def test_what_decides_the_same_is_the_same() -> None:
    moved = replace(PLAN.rules[0], drain=True)
    after, asked = _again(replace(PLAN, rules=(moved, *PLAN.rules[1:])), BEFORE)
    assert asked == [moved.name]
    assert after.token is BEFORE.token


def test_a_rule_gets_its_last_decision_while_it_names_the_same() -> None:
    old = PLAN.rules[0]
    asking = Asking()
    moved = replace(PLAN, rules=(replace(old, drain=True), *PLAN.rules[1:]))
    ruled(moved, asking, news(PLAN, moved), BEFORE)
    assert asking.given == [BEFORE.by_rule[old.name][1]]
    fewer = replace(PLAN, rules=(replace(old, sources=old.sources[:-1]), *PLAN.rules[1:]))
    ruled(fewer, asking, news(PLAN, fewer), BEFORE)
    ruled(moved, asking, replace(news(PLAN, moved), concerned=frozenset({old.name})), BEFORE)
    assert asking.given[1:] == [None, None]


def test_where_other_rules_can_match_all_stand_anew() -> None:
    idle = replace(PLAN.rules[0], sources=())
    for rules in (PLAN.rules[1:], PLAN.rules[::-1], (idle, *PLAN.rules[1:])):
        after, _ = _again(replace(PLAN, rules=rules), BEFORE)
        full = ruled(replace(PLAN, rules=rules), Asking(), News())
        assert after.follows is None
        assert list(after.keyed.items()) == list(full.keyed.items())
