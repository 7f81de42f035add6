"""Ordered decisions over sets of sources, as flows that grow with the sum of the sets.

A decision matches a source out of a set and one of its alternatives; an alternative is a product
of clauses, each a set of matches. ``conjunction`` (ovs-actions(7)) makes a product of sets cost
their sum. A second flow with the same match would replace the first one's conjunctions, so flows
that decisions of one priority share are merged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    CONJ_ID,
    ETH_TYPE,
    FAMILIES,
    IP_PROTO,
    PORT,
    SOURCE,
    Field,
)
from translators.openflow.flow import Act, Conjunction, Flow, Match, Test, match
from translators.plan.model import ICMP, ICMPV6, PortRange, Transport

Reach = dict[Field, frozenset[int]]

_FEW = 1024  # values of a masked test that are told apart one by one
BAND = 30_000  # priorities that one list of decisions may use


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to packets from ``sources`` (identities) in any of the alternatives."""

    number: int  # of the rule, for its conjunction ids
    cookie: int
    sources: tuple[int, ...]
    alternatives: tuple[tuple[tuple[Match, ...], ...], ...]
    actions: tuple[Act, ...] = ()
    goto: int | None = None


@dataclass(slots=True)
class _Clauses:
    """The conjunctions that share one match and priority, and the rules behind them."""

    conjunctions: list[Conjunction] = field(default_factory=list)
    rules: set[int] = field(default_factory=set)


def decide(table: int, base: int, decisions: Sequence[Decision]) -> Iterator[Flow]:
    """Yield the flows of decisions in deciding order, at priorities above ``base``.

    Raises ValueError where more decisions stand in one another's way than there are priorities.
    """
    useful = [d for d in decisions if d.sources and any(all(a) for a in d.alternatives)]
    shared: dict[tuple[int, Match], _Clauses] = {}
    ids = _Ids()
    for decision, level in zip(useful, levels(useful), strict=True):
        if level > BAND:
            raise ValueError(f"{level} rules in one order: a table holds at most {BAND}")
        for clauses in decision.alternatives:
            if all(clauses):
                full = (_sources(decision), *clauses)
                yield from _alternative(table, base + level, decision, full, shared, ids)
    for (priority, tests), found in shared.items():
        acts = tuple(sorted(found.conjunctions, key=lambda c: c.id))
        rule = min(found.rules) if len(found.rules) == 1 else 0
        yield Flow(table, priority, tests, cookie(Cause.CLAUSE, rule), acts)


def levels(decisions: Sequence[Decision]) -> list[int]:
    """Return each decision's level: above every later decision that some packet shares with it.

    Decisions about different packets share levels, so that a change moves few flows.
    """
    reaches = [_reach(decision) for decision in decisions]
    later: dict[int, list[int]] = {}  # by source
    found = [0] * len(decisions)
    for index in range(len(decisions) - 1, -1, -1):
        sources = decisions[index].sources
        rivals = {rival for source in sources for rival in later.get(source, ())}
        met = (found[r] for r in rivals if _meet(reaches[index], reaches[r]))
        found[index] = 1 + max(met, default=0)
        for source in sources:
            later.setdefault(source, []).append(index)
    return found


def _reach(decision: Decision) -> list[Reach]:
    """Return for each alternative the values that it can match, of fields where they are few."""
    found = []
    for clauses in decision.alternatives:
        if not all(clauses):
            continue
        reach: Reach = {}
        for clause in clauses:
            known = [{test[0]: few for test in tests if (few := _values(test))} for tests in clause]
            for field_ in set(known[0]).intersection(*known):
                reach[field_] = frozenset(v for values in known for v in values[field_])
        found.append(reach)
    return found


def _values(test: Test) -> range:
    """Return what a test can match, if it is one value or a short aligned range; else nothing."""
    _, value, mask = test
    free = 0 if mask is None else mask ^ 0xFFFFFFFF
    return range(value, value + free + 1) if free < _FEW and not free & (free + 1) else range(0)


def _meet(left: list[Reach], right: list[Reach]) -> bool:
    """Whether some packet may match an alternative of each; True where that cannot be told."""
    return any(
        not any(one[f].isdisjoint(two[f]) for f in one.keys() & two.keys())
        for one in left
        for two in right
    )


def transport_tests(transport: Transport) -> tuple[Match, ...]:
    """Return matches, any of which must hold, for a transport at the endpoint's own port.

    One empty match stands for any packet; no match at all for none.
    """
    families = [code for number, code in FAMILIES if transport.family in (None, number)]
    ports: list[Test] = [(PORT, *mask) for span in transport.ports for mask in masks(span)]
    if transport.protocol is None and transport.family is None:
        return tuple(match(port) for port in ports) or ((),)
    heads: list[list[Test]] = [[(ETH_TYPE, code, None)] for code in families]
    if transport.protocol is not None:
        protocols = _protocols(transport.protocol)
        heads = [[*head, (IP_PROTO, number, None)] for head in heads for number in protocols]
    tails: list[list[Test]] = [[port] for port in ports] or [[]]
    return tuple(match(*head, *tail) for head in heads for tail in tails)


def masks(span: PortRange) -> Iterator[tuple[int, int | None]]:
    """Yield the fewest (value, mask) pairs of the 32-bit port register that cover a range."""
    first = span.first
    while first <= span.last:
        size = first & -first or 1 << 16
        while first + size - 1 > span.last:
            size >>= 1
        yield first, None if size == 1 else 0xFFFFFFFF ^ (size - 1)
        first += size


def _protocols(number: int) -> tuple[int, ...]:
    """Return what a rule's protocol number stands for: ICMP for both, ICMPv6 alone for none."""
    if number == ICMP:
        return (ICMP, ICMPV6)
    return () if number == ICMPV6 else (number,)


class _Ids:
    """Conjunction ids: near the rule's number, so that they stay while other rules change."""

    def __init__(self) -> None:
        self._taken: set[int] = {0}

    def next(self, rule: int) -> int:
        number = rule << 1 & 0xFFFFFFFF
        while number in self._taken:
            number = number + 1 & 0xFFFFFFFF
        self._taken.add(number)
        return number


def _sources(decision: Decision) -> tuple[Match, ...]:
    return tuple(match((SOURCE, source)) for source in decision.sources)


def _alternative(
    table: int,
    priority: int,
    decision: Decision,
    clauses: tuple[tuple[Match, ...], ...],
    shared: dict[tuple[int, Match], _Clauses],
    ids: _Ids,
) -> Iterator[Flow]:
    sizes = [len(clause) for clause in clauses]
    if prod(sizes) <= sum(sizes) + 1:
        for tests in product(*clauses):
            yield _decided(table, priority, match(*_merged(tests)), decision)
        return
    clauses = tuple(clause for clause in clauses if clause != ((),))
    number = ids.next(decision.number)
    for index, clause in enumerate(clauses):
        for test in clause:
            found = shared.setdefault((priority, test), _Clauses())
            found.conjunctions.append(Conjunction(number, index, len(clauses)))
            found.rules.add(decision.number)
    yield _decided(table, priority, match((CONJ_ID, number)), decision)


def _merged(tests: Iterable[Match]) -> list[Test]:
    """Return the union of matches; clauses of one alternative agree where they overlap."""
    return list({test: None for part in tests for test in part})


def _decided(table: int, priority: int, tests: Match, decision: Decision) -> Flow:
    return Flow(table, priority, tests, decision.cookie, decision.actions, decision.goto)
