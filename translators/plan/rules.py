"""Rules: which flows and requests a clause matches, and what it does with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from translators.plan.shaping import Shaping
from translators.plan.terms import ICMP, ICMPV6, Action, Layer, Network, Origin


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """An inclusive range of transport ports."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last


@dataclass(frozen=True, slots=True, order=True)
class Transport:
    """The L3 and L4 part of a match; what is None or empty matches everything.

    ``protocol`` is the IANA number; ICMP (1) stands for ICMP and ICMPv6 alike.
    ``ports`` are destination ports and need TCP or UDP.
    """

    family: int | None = None  # 4 or 6
    protocol: int | None = None
    ports: tuple[PortRange, ...] = ()

    def covers(self, family: int, protocol: int, port: int) -> bool:
        """Whether a packet of this IP version, protocol and destination port matches."""
        if self.family not in (None, family):
            return False
        if self.protocol is not None and self.protocol != _canonical(protocol):
            return False
        return not self.ports or any(port in ports for ports in self.ports)


def _canonical(protocol: int) -> int:
    return ICMP if protocol == ICMPV6 else protocol


class Compare(StrEnum):
    """How a string is compared."""

    EXACT = "exact"
    PREFIX = "prefix"  # of a path: whole elements, as in the Gateway API
    PRESENT = "present"


@dataclass(frozen=True, slots=True, order=True)
class StringMatch:
    """A comparison with a value; PRESENT ignores the value."""

    compare: Compare
    value: str = ""

    def matches(self, text: str | None) -> bool:
        """Whether ``text`` (None: absent) satisfies the comparison."""
        if text is None:
            return False
        if self.compare is Compare.EXACT:
            return text == self.value
        return self.compare is Compare.PRESENT or text.startswith(self.value)


@dataclass(frozen=True, slots=True, order=True)
class HttpMatch:
    """The L7 part of a match; all given parts must hold, alternatives within a part are or-ed."""

    hosts: tuple[str, ...] = ()  # lower case, exact, without port
    path: StringMatch | None = None
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, StringMatch], ...] = ()  # names in lower case
    query: tuple[tuple[str, StringMatch], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """A weighted destination of a route: a subset of the addressed service, or all of it."""

    subset: str | None
    weight: int


@dataclass(frozen=True, slots=True, order=True)
class Retry:
    """How often a request is tried again, and for which statuses beside lost connections."""

    attempts: int  # after the first; 0: none
    codes: tuple[int, ...] = ()  # sorted


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """Where allowed requests go; ``timeout`` in seconds, None for the proxy's default of 15 s."""

    shares: tuple[Share, ...]
    timeout: float | None = None
    retry: Retry | None = None  # None: once, where the connection was lost


@dataclass(frozen=True, slots=True)
class Rule:
    """One clause of a policy. The plan's tuple of rules is in deciding order: first match decides.

    A rule matches a flow from one of ``sources`` that is addressed to one of ``services`` (then
    ``transport`` is held against the service port), or that reaches one of ``endpoints``, directly
    or through a service (then it is held against the endpoint's own port), or that leaves for one
    of the networks ``externals``, which no segment has.
    """

    name: str  # tenant/policy[index]
    number: int  # 1..2^32-1, unique: the OpenFlow cookie's object id, the conntrack label
    tenant: str
    action: Action
    sources: tuple[str, ...]
    endpoints: tuple[str, ...]
    services: tuple[str, ...]
    transport: Transport
    http: HttpMatch | None
    route: Route | None
    enforce: Layer | None  # pinned by the author
    origin: Origin
    externals: tuple[Network, ...] = ()
    drain: bool | None = None  # True: what it admitted may finish when it no longer holds
    shape: Shaping | None = None  # of what it allows
    mirror: str | None = None  # the endpoint that gets a copy of what it allows
    balance: tuple[Share, ...] = ()  # how the vswitch spreads the connections; (): evenly

    @property
    def decides(self) -> bool:
        """Whether the first match ends here: an audit counts, and the rules after it decide."""
        return self.action is not Action.AUDIT

    @property
    def is_extra(self) -> bool:
        """Whether it does more than allow or deny."""
        return self.shape is not None or self.mirror is not None or self.action is Action.AUDIT

    @property
    def needs_proxy(self) -> bool:
        """Whether only an L7 proxy can carry this rule."""
        return self.http is not None or self.route is not None or self.enforce is Layer.PROXY


def first_of(matched: Iterable[Rule]) -> tuple[Rule | None, tuple[str, ...]]:
    """Return the rule that decides among those that match, in order, and the audits before it."""
    audits: list[str] = []
    for rule in matched:
        if rule.decides:
            return rule, tuple(audits)
        audits.append(rule.name)
    return None, tuple(audits)
