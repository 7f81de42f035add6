"""What a plan has that an earlier one had not, as far as bridges depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, fields

from translators.plan.lineage import differing
from translators.plan.model import Capture, Endpoint, Plan, Rule

# The rest of a plan counts as a whole: where it differs, every bridge looks at everything.
_BY_NAME = ("endpoints", "services", "rules", "captures")
_NO_BRIDGES = ("placements", "switches", "links", "raw_resources", "raw_patches")
_FIELDS = tuple(f.name for f in fields(Plan) if f.init and f.name not in _NO_BRIDGES)


@dataclass(frozen=True, slots=True)
class News:
    """What differs between two plans.

    ``parts`` are the plan's parts that differ, by name. ``names`` are endpoints and services that
    came, went or changed, services of which an endpoint or a capture did, and who was or is
    captured. ``rules`` are those that came, went or changed, as they were and as they are.
    ``judged`` are services for which the rules may mean something else.
    ``meant`` are those of ``names`` of which more than addresses has changed, ``concerned`` the
    rules that name any of them; ``endpoints`` are the endpoints among ``names``.
    """

    parts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    reordered: bool = False  # rules that both have stand in another order
    judged: frozenset[str] = frozenset()
    meant: frozenset[str] = frozenset()
    concerned: frozenset[str] = frozenset()
    endpoints: frozenset[str] = frozenset()

    def concern(self, rule: Rule) -> bool:
        """Whether anything of what a rule names has changed that decisions depend on."""
        return rule.name in self.concerned

    def concern_capture(self, capture: Capture) -> bool:
        """Whether anything of what a capture names has changed that decisions depend on."""
        return bool(self.meant) and (
            capture.service in self.meant or not self.meant.isdisjoint(capture.sources)
        )


def news(old: Plan, new: Plan) -> News:
    """Return what differs. Objects that are the same one cost next to nothing."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in _FIELDS)
    parts = frozenset(name for name, was, now in pairs if was is not now and was != now)
    rules = tuple(_rules(old, new)) if "rules" in parts else ()
    endpoints = differing(old, new, "endpoints")
    moved = {n for n in endpoints if _seat(old.endpoint.get(n)) != _seat(new.endpoint.get(n))}
    names, meant = (frozenset(_names(old, new, ends)) for ends in (endpoints, moved))
    reordered = "rules" in parts and _reordered(old, new)
    return News(
        parts,
        names,
        rules,
        reordered,
        _judged(old, new, names, rules, reordered),
        meant,
        frozenset[str]().union(*(new.index.naming(name) for name in meant)),
        endpoints,
    )


def _seat(endpoint: Endpoint | None) -> tuple[object, ...]:
    """Return what of an endpoint decisions depend on."""
    if endpoint is None:
        return ()
    families = {address.version for address in endpoint.addresses}
    return endpoint.identity, endpoint.segment, endpoint.host, endpoint.port, families


def _judged(
    old: Plan, new: Plan, names: frozenset[str], rules: tuple[Rule, ...], reordered: bool
) -> frozenset[str]:
    judged = set(names)
    for plan in (old, new):
        if reordered:
            judged.update(plan.service)
        about = [rule for rule in rules if plan.rule.get(rule.name) is rule]
        sending = {rule for name in names for rule in plan.index.by_source.get(name, ())}
        about += [plan.rule[name] for name in sending]
        judged.update(service for rule in about for service in plan.index.concerned(rule))
    return frozenset(judged)


def _names(old: Plan, new: Plan, endpoints: Set[str]) -> Iterator[str]:
    yield from endpoints
    yield from differing(old, new, "services")
    for plan in (old, new) if endpoints else ():
        yield from (s for e in endpoints for s in plan.index.offering.get(e, ()))
    for key in differing(old, new, "captures"):
        yield key[0]
        for plan in (old, new):
            if key in plan.captured:
                yield from plan.captured[key].sources


def _rules(old: Plan, new: Plan) -> Iterator[Rule]:
    for name in sorted(differing(old, new, "rules")):
        yield from (plan.rule[name] for plan in (old, new) if name in plan.rule)


def _reordered(old: Plan, new: Plan) -> bool:
    kept = [rule.name for rule in old.rules if rule.name in new.rule]
    return kept != [rule.name for rule in new.rules if rule.name in old.rule]
