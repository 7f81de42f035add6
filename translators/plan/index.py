"""Which rules are about a service or an endpoint, so that nobody has to ask all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from translators.plan.rules import Rule

if TYPE_CHECKING:
    from translators.plan.model import Service

Names = tuple[str, ...]
Lists = Mapping[str, Names]
Ranks = Mapping[str, Any]  # a rule's place in the order, as something that sorts


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Names of rules in deciding order: by a service that they name, by endpoints at either end.

    ``offering`` are the services that an endpoint belongs to, sorted.
    """

    ranks: Ranks = field(default_factory=dict)
    by_service: Lists = field(default_factory=dict)
    by_endpoint: Lists = field(default_factory=dict)
    offering: Lists = field(default_factory=dict)
    by_source: Lists = field(default_factory=dict)

    def naming(self, name: str) -> set[str]:
        """Return the rules that have an endpoint or a service of this name at either end."""
        lists = self.by_service, self.by_endpoint, self.by_source
        return set[str]().union(*(held.get(name, ()) for held in lists))

    def about(self, service: Service) -> Names:
        """Return the rules that may concern a service, as a whole or for some endpoints of it."""
        named = self.by_service.get(service.name, ())
        selecting = [self.by_endpoint[e] for e in service.endpoints if e in self.by_endpoint]
        if not selecting:
            return named
        found = {name for names in (named, *selecting) for name in names}
        return tuple(sorted(found, key=self.ranks.__getitem__))

    def concerned(self, rule: Rule) -> set[str]:
        """Return the services that a rule may concern."""
        if not self.offering:
            return set(rule.services)
        return {*rule.services, *(s for e in rule.endpoints for s in self.offering.get(e, ()))}

    def with_rules(self, gone: Iterable[Rule], new: Iterable[Rule], ranks: Ranks) -> RuleIndex:
        """Return the index without some rules and with others; ``ranks`` are those of all rules."""
        gone, new = list(gone), list(new)

        def exchanged(held: Mapping[str, Names], names: Callable[[Rule], Names]) -> Lists:
            left, come = ([(n, r.name) for r in rules for n in names(r)] for rules in (gone, new))
            return _exchanged(held, left, come, ranks)

        return RuleIndex(
            ranks,
            exchanged(self.by_service, lambda rule: rule.services),
            exchanged(self.by_endpoint, lambda rule: rule.endpoints),
            self.offering,
            exchanged(self.by_source, lambda rule: rule.sources),
        )

    def with_services(self, gone: Iterable[Service], new: Iterable[Service]) -> RuleIndex:
        """Return the index in which endpoints belong to other services."""
        left = [(e, service.name) for service in gone for e in service.endpoints]
        come = [(e, service.name) for service in new for e in service.endpoints]
        offering = _exchanged(self.offering, left, come, None)
        return replace(self, offering=offering)


def index_of(rules: Iterable[Rule], services: Iterable[Service]) -> RuleIndex:
    """Return the index of rules that are in deciding order."""
    ordered = list(rules)
    ranks = {rule.name: place for place, rule in enumerate(ordered)}
    return RuleIndex().with_rules((), ordered, ranks).with_services((), services)


def _exchanged(
    held: Mapping[str, Names],
    gone: list[tuple[str, str]],
    new: list[tuple[str, str]],
    ranks: Ranks | None,
) -> Lists:
    """Return lists by key without some entries and with others, each list sorted by rank."""
    if not gone and not new:
        return held
    parts: dict[str, set[str]] = {}
    for key, name in gone:
        parts.setdefault(key, set(held.get(key, ()))).discard(name)
    for key, name in new:
        parts.setdefault(key, set(held.get(key, ()))).add(name)
    order = None if ranks is None else ranks.__getitem__
    changed = {key: tuple(sorted(names, key=order)) for key, names in parts.items() if names}
    kept = {key: names for key, names in held.items() if key not in parts}
    return {**kept, **changed}
