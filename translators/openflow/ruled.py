"""What rules decide, one by one in deciding order; only those are asked again that may differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from translators.openflow.decision import Decision, Key
from translators.openflow.news import News
from translators.plan.model import Plan, Rule

# What a rule decides; the last decision of it if it names the same, of which nothing has changed.
Make = Callable[[Rule, Decision | None], Decision]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The decisions of the rules that decide; ``keyed`` are those that can match anything.

    It has the keys of the one that it ``follows``, and other decisions for ``changed`` ones.
    """

    by_rule: Mapping[str, tuple[Rule, Decision]] = field(default_factory=dict)
    keyed: Mapping[Key, Decision] = field(default_factory=dict)
    changed: frozenset[Key] = frozenset()
    token: object = field(default_factory=object, compare=False)
    follows: object = field(default=None, compare=False)


def ruled(plan: Plan, make: Make, since: News, before: Ruled | None = None) -> Ruled:
    """Return what a plan's rules decide; ``before`` is what those decided that the news are of."""
    held = before or Ruled()
    again = since.concerned | {rule.name for rule in since.rules}
    if before is not None and not since.reordered:
        found = _exchanged(plan, make, since, again, before)
        if found is not None:
            return found
    by_rule = {}
    for rule in (rule for rule in plan.rules if rule.decides):
        known = held.by_rule.get(rule.name)
        if known is None or known[0] is not rule or rule.name in again:
            known = _asked(rule, make, known, since)
        by_rule[rule.name] = known
    decisions = [decision for _, decision in by_rule.values() if decision.is_useful]
    return Ruled(by_rule, {(one.number, 0): one for one in decisions})


def _exchanged(
    plan: Plan, make: Make, since: News, again: frozenset[str], before: Ruled
) -> Ruled | None:
    """Return the same decisions but for some rules; None where others can match than did."""
    fresh: dict[str, tuple[Rule, Decision]] = {}
    changed: dict[Key, Decision] = {}
    for name in again:
        rule, held = plan.rule.get(name), before.by_rule.get(name)
        if rule is None or held is None or not rule.decides:
            if held is None and (rule is None or not rule.decides):
                continue
            return None
        fresh[name] = _, decision = _asked(rule, make, held, since)
        if decision is held[1]:
            continue
        if decision.is_useful != held[1].is_useful or decision.number != held[1].number:
            return None
        if decision.is_useful:
            changed[decision.number, 0] = decision
    if not fresh:
        return before
    by_rule = {**before.by_rule, **fresh}
    if not changed:
        return Ruled(by_rule, before.keyed, before.changed, before.token, before.follows)
    keyed = {**before.keyed, **changed}
    return Ruled(by_rule, keyed, frozenset(changed), follows=before.token)


def _asked(
    rule: Rule, make: Make, held: tuple[Rule, Decision] | None, since: News
) -> tuple[Rule, Decision]:
    """Return what a rule decides; the same object while it is equal."""
    if held is None:
        return rule, make(rule, None)
    old, last = held
    named = (old.sources, old.endpoints) == (rule.sources, rule.endpoints)
    decision = make(rule, last if named and not since.concern(rule) else None)
    return rule, last if last == decision else decision
