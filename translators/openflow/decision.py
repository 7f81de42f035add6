"""One decision over sets of packets, and the tests that its clauses are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from translators.openflow.fields import ETH_TYPE, FAMILIES, IP_PROTO, PORT, SOURCE
from translators.openflow.flow import Act, Match, Test, match
from translators.plan.model import ICMP, ICMPV6, PortRange, Transport

Key = tuple[int, int]  # of a decision in its list: the rule's number, which of that number
BAND = 30_000  # priorities that one list of decisions may use


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to packets from ``sources`` (identities) in any of the alternatives.

    An alternative is a product of clauses, each a set of matches of which one must hold. ``ends``
    are those of the rule's endpoints, which its next decision may take over, used here or not.
    """

    number: int  # of the rule, for its conjunction ids
    cookie: int
    sources: tuple[int, ...]
    alternatives: tuple[tuple[tuple[Match, ...], ...], ...]
    actions: tuple[Act, ...] = ()
    goto: int | None = None
    ends: tuple[Match, ...] = field(default=(), repr=False)

    @property
    def is_useful(self) -> bool:
        """Whether there is a packet that it can match."""
        return bool(self.sources) and any(all(clauses) for clauses in self.alternatives)


@lru_cache(maxsize=65536)
def source_match(identity: int) -> Match:
    """Return the match of a source, which many decisions are about."""
    return match((SOURCE, identity))


@lru_cache(maxsize=16384)
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
