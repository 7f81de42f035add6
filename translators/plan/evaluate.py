"""The reference meaning of a plan: what happens to a packet or a request. All else is held to it.

The order of decisions, each with the layer that owns it:

0. DHCP between a segment and its server passes, if the segment has one;
1. the source must be who it says it is (its port's own address);
2. the bridge answers pings of a gateway itself, within the source's segment or its router's;
3. tenants are isolated from each other, and segments unless a router joins them;
4. direct access to an endpoint that a captured service port leads to is closed;
5. rules, in order, the first match decides; then the tenant's default action, which lets nobody
   leave for networks outside. An audit counts, and decides nothing.

Through a service, rules that select endpoints are asked for every endpoint, so that some endpoints
of a service may be allowed and others not. A captured service port is decided by the proxy, for
which only rules that hold for the whole service count (the compiler refuses the rest).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from translators.plan.balance import Names, members_of, weight_of, whole
from translators.plan.covering import covers_endpoint, covers_service, rules_for_service
from translators.plan.dhcp import lease
from translators.plan.gateways import answers
from translators.plan.http import Request, matches
from translators.plan.model import (
    TCP,
    UDP,
    Action,
    Address,
    Affinity,
    Endpoint,
    Layer,
    Plan,
    Route,
    Rule,
    Service,
    ServicePort,
    Share,
)
from translators.plan.outside import departure
from translators.plan.rules import first_of


@dataclass(frozen=True, slots=True, order=True)
class Packet:
    """The first packet of a connection, as it leaves a workload's port.

    ``protocol`` is the IANA number; ports are 0 where the protocol has none.
    """

    endpoint: str  # whose port it came in from
    source: Address
    destination: Address
    protocol: int
    source_port: int = 0
    destination_port: int = 0

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.destination.version


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """An endpoint, the port at it, and its weight among the destinations."""

    endpoint: str
    port: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens, who decides, and by which rule (None: isolation or the default action)."""

    action: Action
    layer: Layer
    reason: str
    rule: str | None = None
    steered: bool = False  # allowed as far as the proxy, which decides on each request
    targets: tuple[Target, ...] = ()
    audits: tuple[str, ...] = ()  # rules that count it before one decides, in order
    affinity: Affinity | None = None  # what keeps a client with one of the targets
    answered: bool = False  # by the bridge itself; it goes nowhere


def evaluate(plan: Plan, packet: Packet, request: Request | None = None) -> Verdict:
    """Return the verdict on a connection, or on a request that is made over it."""
    source = plan.endpoint[packet.endpoint]
    if leased := lease(plan, packet):
        targets = tuple(sorted(Target(e.name, packet.destination_port) for e in leased))
        return Verdict(
            Action.ALLOW, Layer.VSWITCH, "DHCP and the segment's server", None, False, targets
        )
    if packet.source not in source.addresses or packet.family != packet.source.version:
        return _deny("the source address does not belong to the workload's port")
    if answers(plan, packet):
        reason = "the bridge itself answers pings of a gateway"
        return Verdict(Action.ALLOW, Layer.VSWITCH, reason, answered=True)
    service = plan.by_vip.get(packet.destination)
    if service is not None:
        return _to_service(plan, source, service, packet, request)
    target = plan.by_address.get(packet.destination)
    if target is None:
        rule, audits, reason = departure(plan, packet)
        if rule is None:
            return replace(_deny(reason), audits=audits)
        return _verdict(plan, source, rule, audits, (), Layer.VSWITCH)
    return _to_endpoint(plan, source, target, packet)


def _to_endpoint(plan: Plan, source: Endpoint, target: Endpoint, packet: Packet) -> Verdict:
    if (isolated := _isolation(plan, source, target.tenant, target.segment)) is not None:
        return isolated
    if target is source:
        return _deny("a workload's own address never leaves it")
    protocol, port = packet.protocol, packet.destination_port
    closed = _closing_rule(plan, source, target, protocol, port)
    if closed is not None:
        return Verdict(
            Action.DENY, Layer.VSWITCH, "direct access would go around the proxy", closed
        )
    if protocol not in (TCP, UDP):
        port = 0
    matched = (
        rule
        for rule in plan.rules
        if source.name in rule.sources
        and covers_endpoint(rule, target.name, packet.family, protocol, port)
    )
    return _first(plan, source, matched, (Target(target.name, port),))


def _closing_rule(
    plan: Plan, source: Endpoint, target: Endpoint, protocol: int, port: int
) -> str | None:
    for capture in plan.captures:
        service = plan.service[capture.service]
        found = service.port(capture.port, TCP)
        if (
            found is not None
            and source.name in capture.sources
            and target.name in service.endpoints
            and protocol == TCP
            and found.target == port
        ):
            return capture.rule
    return None


def _to_service(
    plan: Plan, source: Endpoint, service: Service, packet: Packet, request: Request | None
) -> Verdict:
    if (isolated := _isolation(plan, source, service.tenant, service.segment)) is not None:
        return isolated
    port = service.port(packet.destination_port, packet.protocol)
    if port is None:
        return _deny("the service has no such port")
    if port.protocol.is_http and plan.is_captured(source.name, service.name, port.port):
        if request is None:
            capture = plan.captured[service.name, port.port]
            return Verdict(Action.ALLOW, Layer.PROXY, capture.reason, capture.rule, steered=True)
        return _request(plan, source, service, port, packet.family, request)
    members = members_of(plan, service, packet.family)
    ends = (plan.endpoint[name] for name in members)
    verdicts = [balanced(plan, source, service, port, end, packet.family) for end in ends]
    return _merge(plan, service, members, verdicts)


def balanced(
    plan: Plan, source: Endpoint, service: Service, port: ServicePort, target: Endpoint, family: int
) -> Verdict:
    """Return the verdict on one endpoint that the vswitch may choose."""
    if target is source:
        return _deny("a workload's own address never leaves it")
    protocol = port.protocol.transport
    chosen = (Target(target.name, port.target),)
    matched = (
        rule
        for rule in plan.rules
        if source.name in rule.sources
        and (
            covers_service(rule, service, port, family)
            or covers_endpoint(rule, target.name, family, protocol, port.target)
        )
    )
    return _first(plan, source, matched, chosen)


def _merge(plan: Plan, service: Service, members: Names, verdicts: list[Verdict]) -> Verdict:
    allowed = [v for v in verdicts if v.action is Action.ALLOW]
    ruled = [(t, plan.rule.get(v.rule or "")) for v in allowed for t in v.targets]
    weights = whole([weight_of(rule, service, members, t.endpoint) for t, rule in ruled])
    pairs = zip(ruled, weights, strict=True)
    targets = tuple(sorted(replace(t, weight=w) for (t, _), w in pairs if w))
    if not verdicts or (allowed and not targets):
        return _deny("no endpoint of this address family gets new connections")
    met = tuple({name: None for v in allowed or verdicts for name in v.audits})
    first = (allowed or verdicts)[0]
    found = replace(first, targets=targets, audits=met)
    return found if first.action is Action.DENY else replace(found, affinity=service.affinity)


def _request(
    plan: Plan, source: Endpoint, service: Service, port: ServicePort, family: int, request: Request
) -> Verdict:
    if request.normal_path is None:
        return Verdict(Action.DENY, Layer.PROXY, "the path has an escaped slash or is malformed")
    about = rules_for_service(plan, source.name, service, port, family)
    rule, audits = first_of(r for r in about if r.http is None or matches(r.http, request))
    route = rule.route if rule is not None else None
    targets = tuple(shared_targets(plan, service, port, family, route))
    found = _verdict(plan, source, rule, audits, targets, Layer.PROXY)
    return replace(found, affinity=service.affinity if found.targets else None)


def shared_targets(
    plan: Plan, service: Service, port: ServicePort, family: int, route: Route | None
) -> Iterator[Target]:
    """Yield a route's endpoints, each with the weight of the share that it belongs to."""
    members = members_of(plan, service, family)
    subsets = {subset.name: subset.endpoints for subset in service.subsets}
    for share in route.shares if route is not None else (Share(None, 1),):
        names = members if share.subset is None else subsets[share.subset]
        for name in names:
            if name in members and share.weight:
                yield Target(name, port.target, share.weight)


def _isolation(plan: Plan, source: Endpoint, tenant: str, segment: str) -> Verdict | None:
    if source.tenant != tenant:
        return _deny("tenants are isolated from each other")
    if not plan.joined(source.segment, segment):
        return _deny("segments are isolated from each other")
    return None


def _first(
    plan: Plan, source: Endpoint, matched: Iterable[Rule], targets: tuple[Target, ...]
) -> Verdict:
    return _verdict(plan, source, *first_of(matched), targets, Layer.VSWITCH)


def _verdict(
    plan: Plan,
    source: Endpoint,
    rule: Rule | None,
    audits: tuple[str, ...],
    targets: tuple[Target, ...],
    layer: Layer,
) -> Verdict:
    """Return what the deciding rule does, or without one the tenant's default action."""
    tenant = plan.tenant[source.tenant]
    allowed = tenant.passes if rule is None else rule.action is Action.ALLOW
    reason = f"no rule matches; the tenant's default is {tenant.default}"
    if rule is not None:
        reason = "a rule allows it" if allowed else "a rule denies it"
    action = Action.ALLOW if allowed else Action.DENY
    name = None if rule is None else rule.name
    return Verdict(action, layer, reason, name, targets=targets if allowed else (), audits=audits)


def _deny(reason: str) -> Verdict:
    return Verdict(Action.DENY, Layer.VSWITCH, reason)
