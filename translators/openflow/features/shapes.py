"""Shaping at the source's bridge: a meter for each direction, and the mark in the IP header.

The connection's label tells which rule admitted it. A flow meters and marks the packet, notes
that in a register, and looks it up in the same table again, where it goes its usual way. Where a
rule has queues, a meter is left for what no queue takes: first packets, and what leaves.
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
ORIGINAL: Test = (CT_STATE, CT_TRACKED, CT_TRACKED | CT_REPLY)
REPLY: Test = (CT_STATE, CT_TRACKED | CT_REPLY, CT_TRACKED | CT_REPLY)
SENT_HERE: Test = (ORIGIN, FROM_WORKLOAD, None)
_ONCE: Test = (SHAPED, 0, None)


@dataclass(frozen=True, slots=True)
class _Shaped:
    """A rule whose connections this bridge shapes, and the meters of both directions."""

    rule: Rule
    shape: Shaping
    there: int
    back: int

    @property
    def meters(self) -> tuple[int, ...]:
        """The meters that it needs: what comes back to a queue needs none."""
        if self.shape.rate is None:
            return ()
        return (self.there,) if self.shape.queue else (self.there, self.back)

    def acts(self, meter: int, table: Table) -> tuple[Act, ...]:
        limit = () if self.shape.rate is None else (Metered(meter),)
        mark = () if self.shape.dscp is None else (SetField(IP_DSCP, self.shape.dscp),)
        return (*limit, *mark, SetField(SHAPED, 1), Resubmit(table))


def meters(site: Site) -> Iterator[Meter]:
    """Yield the meters of each rule with a rate that has sources here."""
    for one in _shaped(site):
        for number in one.meters:
            yield Meter(number, one.shape.rate or 0, one.shape.burst)


def metered(site: Site) -> Mapping[int, Rule]:
    """Return the rule behind each meter, by the meter's number."""
    return {number: one.rule for one in _shaped(site) for number in one.meters}


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
        if one.rule.externals and site.external is not None:
            yield from _outside(one)
        if not one.shape.queue:
            yield from _inside(site, one)


def _outside(one: _Shaped) -> Iterator[Flow]:
    back: Test = (ORIGIN, FROM_OUTSIDE, None)
    for _, ether in FAMILIES:
        yield _flow(one, one.there, MARK_OUTSIDE, ether, ORIGINAL, SENT_HERE)
        if not one.shape.queue:
            yield _flow(one, one.back, MARK_OUTSIDE, ether, REPLY, back)


def _inside(site: Site, one: _Shaped) -> Iterator[Flow]:
    back: Test = (ORIGIN, FROM_TUNNEL, None)
    for _, ether in FAMILIES:
        yield _flow(one, one.there, MARK_DIRECT, ether, ORIGINAL, SENT_HERE)
        yield _flow(one, one.back, MARK_DIRECT, ether, REPLY, back)
    for name in one.rule.sources:
        for ether, to in to_local(site, name):
            yield _flow(one, one.back, MARK_DIRECT, ether, REPLY, SENT_HERE, to)


def to_local(site: Site, name: str) -> Iterator[tuple[int, Test]]:
    """Yield the addresses of an endpoint that is attached here: EtherType, and the test for it."""
    addresses = site.plan.endpoint[name].addresses if name in site.local_ids else ()
    for address in addresses:
        yield eth_type(address), (destination_field(address), int(address), None)


def connection_of(rule: Rule, mark: int, ether: int) -> tuple[Test, ...]:
    """Return the tests that a packet is of a connection that a rule admitted, met for once."""
    label: Test = (CT_LABEL, rule.number, 0xFFFFFFFF)
    return ((ETH_TYPE, ether, None), (CT_MARK, mark, None), label, _ONCE)


def _flow(one: _Shaped, meter: int, mark: int, ether: int, *tests: Test) -> Flow:
    known = connection_of(one.rule, mark, ether)
    acts = one.acts(meter, Table.STATE)
    owner = cookie(Cause.SHAPE, one.rule.number)
    return Flow(Table.STATE, 180, match(*tests, *known), owner, acts)


def _shaped(site: Site) -> Iterator[_Shaped]:
    numbers = _numbers(site)
    for rule in site.plan.extras:
        if rule.shape is not None and rule.number in numbers:
            first = 2 * numbers[rule.number] + 1
            yield _Shaped(rule, rule.shape, first, first + 1)


def _numbers(site: Site) -> Mapping[int, int]:
    """Return a number for each pair of meters: the rule's own, so that it stays what it is."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    rules = [r for r in site.plan.extras if r.shape is not None and site.local(r.sources)]
    for rule in sorted(rules, key=lambda rule: rule.number):
        number = rule.number % _PAIRS
        while number in taken:
            number = (number + 1) % _PAIRS
        taken.add(number)
        found[rule.number] = number
    return found
