"""Shaping at the source's bridge: a meter for each direction, and the mark in the IP header.

The connection's label tells which rule admitted it. A flow meters and marks the packet, notes
that in a register, and looks it up in the same table again, where it goes its usual way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    ETH_TYPE,
    FAMILIES,
    FROM_OUTSIDE,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IP_DSCP,
    JUDGED,
    MARK_DIRECT,
    MARK_OUTSIDE,
    ORIGIN,
    RULE,
    SHAPED,
    destination_field,
    eth_type,
)
from translators.openflow.flow import Act, Flow, Meter, Metered, Resubmit, SetField, Test, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Rule, Shaping

_PAIRS = 32_767  # of meters: numbers stay below 65,536, which every datapath has
_ORIGINAL: Test = (CT_STATE, CT_TRACKED, CT_TRACKED | CT_REPLY)
_REPLY: Test = (CT_STATE, CT_TRACKED | CT_REPLY, CT_TRACKED | CT_REPLY)
_ONCE: Test = (SHAPED, 0, None)


@dataclass(frozen=True, slots=True)
class _Shaped:
    """A rule whose connections this bridge shapes, and the meters of both directions."""

    rule: Rule
    shape: Shaping
    there: int
    back: int

    def acts(self, meter: int, table: Table) -> tuple[Act, ...]:
        limit = () if self.shape.rate is None else (Metered(meter),)
        mark = () if self.shape.dscp is None else (SetField(IP_DSCP, self.shape.dscp),)
        return (*limit, *mark, SetField(SHAPED, 1), Resubmit(table))


def meters(site: Site) -> Iterator[Meter]:
    """Yield a meter for each direction of each rule with a rate that has sources here."""
    for one in _shaped(site):
        if one.shape.rate is not None:
            for number in (one.there, one.back):
                yield Meter(number, one.shape.rate, one.shape.burst)


def metered(site: Site) -> Mapping[int, Rule]:
    """Return the rule behind each meter, by the meter's number."""
    found = [one for one in _shaped(site) if one.shape.rate is not None]
    return {number: one.rule for one in found for number in (one.there, one.back)}


def begun(site: Site) -> Iterator[Flow]:
    """Yield what is done to a connection's first packet, before it is committed."""
    for one in _shaped(site):
        for _, ether in FAMILIES:
            who = ((RULE, one.rule.number), (ORIGIN, FROM_WORKLOAD), (JUDGED, 0))
            tests = match((ETH_TYPE, ether), *who, _ONCE)
            acts = one.acts(one.there, Table.COMMIT)
            yield Flow(Table.COMMIT, 190, tests, cookie(Cause.SHAPE, one.rule.number), acts)


def established(site: Site) -> Iterator[Flow]:
    """Yield what is done to packets of admitted connections, in both directions.

    An answer from a workload here is one to a client here; others' bridges shape their own.
    """
    for one in _shaped(site):
        away = [(MARK_DIRECT, FROM_TUNNEL)]
        if one.rule.externals and site.external is not None:
            away.append((MARK_OUTSIDE, FROM_OUTSIDE))
        for mark, origin in away:
            for _, ether in FAMILIES:
                out: Test = (ORIGIN, FROM_WORKLOAD, None)
                yield _flow(one, one.there, mark, ether, _ORIGINAL, out)
                yield _flow(one, one.back, mark, ether, _REPLY, (ORIGIN, origin, None))
        for name in one.rule.sources:
            client = site.plan.endpoint[name]
            for address in client.addresses if name in site.local_ids else ():
                to: Test = (destination_field(address), int(address), None)
                local: Test = (ORIGIN, FROM_WORKLOAD, None)
                yield _flow(one, one.back, MARK_DIRECT, eth_type(address), _REPLY, local, to)


def _flow(one: _Shaped, meter: int, mark: int, ether: int, *tests: Test) -> Flow:
    number = one.rule.number
    label: Test = (CT_LABEL, number, 0xFFFFFFFF)
    known: tuple[Test, ...] = ((ETH_TYPE, ether, None), (CT_MARK, mark, None), label, _ONCE)
    acts = one.acts(meter, Table.STATE)
    return Flow(Table.STATE, 180, match(*tests, *known), cookie(Cause.SHAPE, number), acts)


def _shaped(site: Site) -> Iterator[_Shaped]:
    numbers = _numbers(site)
    for rule in site.plan.rules:
        if rule.shape is not None and rule.number in numbers:
            first = 2 * numbers[rule.number] + 1
            yield _Shaped(rule, rule.shape, first, first + 1)


def _numbers(site: Site) -> Mapping[int, int]:
    """Return a number for each pair of meters: the rule's own, so that it stays what it is."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    rules = [r for r in site.plan.rules if r.shape is not None and site.local(r.sources)]
    for rule in sorted(rules, key=lambda rule: rule.number):
        number = rule.number % _PAIRS
        while number in taken:
            number = (number + 1) % _PAIRS
        taken.add(number)
        found[rule.number] = number
    return found
