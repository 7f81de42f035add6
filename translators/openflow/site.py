"""One host's bridge as the features see it: who is here, who is elsewhere, and by which port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from copy import copy
from dataclasses import InitVar, dataclass, field
from functools import partial
from ipaddress import IPv4Interface
from typing import Any, TypeVar

from translators.openflow.conjunction import Band, Decided, decide
from translators.openflow.decision import Decision
from translators.openflow.each import Each, Reads
from translators.openflow.fields import SEGMENT, ZONE_BITS
from translators.openflow.flow import Item, Test
from translators.openflow.news import News
from translators.openflow.part import Memory, Part
from translators.openflow.ruled import Ruled, ruled
from translators.plan.model import (
    TCP,
    Capture,
    Endpoint,
    External,
    Host,
    Plan,
    Rule,
    Segment,
    Service,
    ServicePort,
)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Site:
    """A host's share of the plan; ``ports`` maps its interfaces to OpenFlow port numbers."""

    plan: Plan
    host: Host
    ports: Mapping[str, int]
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)
    news: News = field(default_factory=News, compare=False, repr=False)  # since the memory's plan
    before: InitVar[Site | None] = None  # the site in the plan that the news are since
    attached: tuple[Endpoint, ...] = field(init=False)  # local, with a port on the bridge
    segments: tuple[Segment, ...] = field(init=False)  # that have an attached endpoint
    reached: tuple[Segment, ...] = field(init=False)  # these, and those that routers join to them
    services: tuple[Service, ...] = field(init=False)  # in what is reached
    local_ids: Mapping[str, int] = field(init=False)  # name -> identity
    within_reach: frozenset[str] = field(init=False, repr=False)  # the names of ``reached``
    serving: frozenset[str] = field(init=False, repr=False)  # services with an endpoint here
    capturing: frozenset[str] = field(init=False, repr=False)  # rules for which traffic is captured

    def __post_init__(self, before: Site | None) -> None:
        plan, attached = self.plan, self._attached(before)
        here = {e.segment for e in attached}
        segments = tuple(s for s in plan.segments if s.name in here)
        routers = {s.router for s in segments} - {None}
        reached = tuple(s for s in plan.segments if s.name in here or s.router in routers)
        names = frozenset(s.name for s in reached)
        index = plan.index
        found: dict[str, object] = {
            "attached": attached,
            "segments": segments,
            "reached": reached,
            "services": tuple(s for s in plan.services if s.segment in names),
            "local_ids": {e.name: e.identity for e in attached},
            "within_reach": names,
            "serving": frozenset(n for e in attached for n in index.offering.get(e.name, ())),
            "capturing": frozenset(capture.rule for capture in plan.captures),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def _attached(self, before: Site | None) -> tuple[Endpoint, ...]:
        """Return who is attached; only who was, or has changed, can be if nothing else has."""
        known: Iterable[Endpoint] = self.plan.endpoints
        if before is not None and before.ports == self.ports:
            if not self.news.endpoints:
                return before.attached
            names = {e.name for e in before.attached} | self.news.endpoints
            known = (self.plan.endpoint[n] for n in sorted(names) if n in self.plan.endpoint)
        return tuple(e for e in known if e.host == self.host.name and e.port in self.ports)

    @property
    def remote(self) -> Iterator[Endpoint]:
        """Those elsewhere, in what is reached."""
        return (e for e in self.plan.endpoints if self.is_remote(e))

    def is_attached(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint of the plan is attached here."""
        return endpoint.name in self.local_ids

    def is_remote(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint of the plan is elsewhere, and within reach."""
        return endpoint.host != self.host.name and endpoint.segment in self.within_reach

    def is_known(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint of the plan is either."""
        return self.is_attached(endpoint) or self.is_remote(endpoint)

    def of(self, plan: Plan) -> Site:
        """Return the site in a plan that differs in nothing but rules between others."""
        return self._but(plan=plan)

    def recalling(self, memory: Memory) -> Site:
        """Return the site with what was made at the one before it, on the same ground."""
        return self._but(memory=memory)

    def _but(self, **fields: object) -> Site:
        found = copy(self)
        for name, value in fields.items():
            object.__setattr__(found, name, value)
        return found

    def kept(self, name: str, make: Callable[..., Iterable[Item]], *reads: Any) -> Part:
        """Return the part that ``make(site, *reads)`` yields about the object of this name.

        If it was made before from equal ``reads``, it is the same part. Beside them ``make`` may
        read the site's ``ground``, and nothing else.
        """
        return self.memory.recall((make, name), reads, lambda: Part(tuple(make(self, *reads))))

    def each(
        self, make: Callable[..., Iterable[Item]], reads: Callable[[Endpoint], Reads | None]
    ) -> Each:
        """Return what ``make(site, *reads(endpoint))`` yields for each endpoint; None: nothing.

        ``reads`` may look at the endpoint, at its host and the site's ``ground``.
        """
        endpoints, key = self.plan.endpoint, ("each", make)

        def wanted(name: str) -> Reads | None:
            endpoint = endpoints.get(name)
            return None if endpoint is None else reads(endpoint)

        last: Each | None = self.memory.last(key)
        names: Iterable[str] = self.news.endpoints
        if last is None:
            names = endpoints
        elif "hosts" in self.news.parts:
            names = {*last.rows, *endpoints}
        found = (last or Each(key)).renewed(names, wanted, partial(make, self))
        return self.memory.put(key, found)

    def of_rule(self, rule: Rule, make: Callable[[Site, Rule], V]) -> V:
        """Return what ``make`` finds for a rule; the same while nothing that it names changes."""
        key, reads = (make, rule.name), (rule,)
        anew = self.news.concern(rule)
        return self.memory.recall(key, reads, lambda: make(self, rule), anew)

    def ruled(self, make: Callable[[Site, Rule, Decision | None], Decision]) -> Ruled:
        """Return what ``make`` finds for every rule that decides, in deciding order.

        It is given the rule's last decision where who it names, and where they are, is the same.
        """
        key = ("ruled", make)
        last: Ruled | None = self.memory.last(key)
        return self.memory.put(key, ruled(self.plan, partial(make, self), self.news, last))

    def of_capture(self, capture: Capture, make: Callable[[Site, Capture], V]) -> V:
        """Return what ``make`` finds for a capture, as for a rule."""
        key = (make, capture.service, capture.port)
        reads = (capture, self.plan.rule[capture.rule])
        anew = self.news.concern_capture(capture)
        return self.memory.recall(key, reads, lambda: make(self, capture), anew)

    def of_service(self, service: Service, make: Callable[[Site, Service], V]) -> V:
        """Return what ``make`` finds for a service of itself and of the rules about it."""
        key, anew = (make, service.name), service.name in self.news.judged
        return self.memory.recall(key, (service,), lambda: make(self, service), anew)

    def decided(self, table: int, *bands: Band) -> Decided:
        """Return a table's decisions, of which only what has changed is made again."""
        key = ("decided", table)
        return self.memory.put(key, decide(table, *bands, before=self.memory.last(key)))

    @property
    def ground(self) -> tuple[Any, ...]:
        """What every part may depend on: where it differs, nothing of before is kept."""
        plan = self.plan
        return (self.host, dict(self.ports), plan.tenants, plan.segments, self.segments)

    @property
    def here(self) -> Set[str]:
        """The names of those that are attached here."""
        return self.local_ids.keys()

    @property
    def proxy_port(self) -> int | None:
        """The OpenFlow port of the host's proxy, None while there is none."""
        return self.ports.get(self.host.proxy_port)

    @property
    def tunnel_port(self) -> int | None:
        """The OpenFlow port of the host's tunnel, None while there is none."""
        return self.ports.get(self.host.tunnel_port)

    @property
    def external(self) -> External | None:
        """The host's way outside."""
        return self.host.external

    def by_tunnel(self, endpoint: Endpoint) -> tuple[Endpoint, IPv4Interface, int] | None:
        """Return a remote endpoint, its host's tunnel address and our port; None: no way there."""
        tunnel, port = self.plan.host[endpoint.host].tunnel, self.tunnel_port
        if tunnel is None or port is None or not self.is_remote(endpoint):
            return None
        return endpoint, tunnel, port

    def tenant(self, name: str) -> int:
        """Return a tenant's number."""
        return self.plan.tenant[name].number

    def segment(self, name: str) -> int:
        """Return what the register holds of a segment: its number, above its zone if shared."""
        found = self.plan.segment[name]
        return found.zone if found.router is None else found.number << ZONE_BITS | found.zone

    def within(self, segment: str) -> Test:
        """Return the test that a packet is of this segment."""
        return (SEGMENT, self.segment(segment), None)

    def reaching(self, segment: str) -> Test:
        """Return the test that a packet is of a segment from which this one can be reached."""
        found = self.plan.segment[segment]
        if found.router is None:
            return (SEGMENT, found.zone, None)
        return (SEGMENT, found.zone, (1 << ZONE_BITS) - 1)

    def once(self, find: Callable[[Site, tuple[str, ...]], V], names: tuple[str, ...]) -> V:
        """Return what ``find`` makes of names here: the same object for all rules that name them.

        Many rules of a first install have the same sources, or the same destinations.
        """
        return self.memory.once((find, names), lambda: find(self, names))

    def local(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the identities of those that are attached here, sorted."""
        return tuple(sorted(self.local_ids[n] for n in set(names) if n in self.local_ids))

    def elsewhere(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the identities of those on other hosts within reach, sorted."""
        known = (self.plan.endpoint.get(name) for name in set(names))
        return tuple(sorted(e.identity for e in known if e is not None and self.is_remote(e)))

    def captured_port(self, capture: Capture) -> ServicePort | None:
        """Return the TCP service port that a capture is about."""
        return self.plan.service[capture.service].port(capture.port, TCP)

    def families(self, endpoint: Endpoint) -> frozenset[int]:
        """Return the address families that an endpoint has."""
        return frozenset(a.version for a in endpoint.addresses)


def missing_ports(plan: Plan, host: str, ports: Mapping[str, int]) -> tuple[str, ...]:
    """Return the interfaces that the plan needs on this host and that its bridge has not."""
    site = plan.host[host]
    wanted = {e.port for e in plan.endpoints if e.host == host}
    if any(plan.endpoint[s].host == host for c in plan.captures for s in c.sources):
        wanted.add(site.proxy_port)
    if site.external is not None:
        wanted.add(site.external.port)
    if site.tunnel is not None and any(h.tunnel for h in plan.hosts if h.name != host):
        wanted.add(site.tunnel_port)
    return tuple(sorted(wanted - ports.keys()))
