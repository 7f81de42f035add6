"""Random plans in which nearly everything is decided by HTTP rules, and requests near them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random

from tests.plans import ORIGIN, endpoint, host, rule, segment
from translators.plan.covering import rules_for_service
from translators.plan.evaluate import Packet
from translators.plan.http import Request
from translators.plan.model import (
    TCP,
    Action,
    AppProtocol,
    Capture,
    Compare,
    HttpMatch,
    Plan,
    PortRange,
    Route,
    Rule,
    Service,
    ServicePort,
    Share,
    StringMatch,
    Subset,
    Tenant,
    Transport,
)

CLIENTS = ("t/c1", "t/c2", "t/c3", "t/c4")
SERVERS = ("t/s1", "t/s2", "t/s3")
SERVICES = ("t/one", "t/two")
HOSTS = ("one.t.example", "two.t.example", "a+b.example")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/.../x", "//", "/a%20b")
ODD = ("/a/../b", "//a//b", "/%2e%2e/a", "/a%2Fb", "/a\\b", "/a;x/b", "/%61/b", "/a#b", "/a%5cb")
ODD_HOSTS = ("ONE.t.example", "two.t.example:80", "one.t.example.", "a+b.example.:8", "other")
METHODS = ("GET", "POST", "PUT", "DELETE")
HEADERS = ("x-a", "x-b")
PARAMETERS = ("p", "q")
VALUES = ("1", "12", "2", "", "v w", "%31")


def http_plan(rng: Random) -> Plan:
    """Return a plan of two services with HTTP ports, captured for the sources that need it."""
    ends = tuple(
        endpoint(name, number, "host1", "t/net", f"10.1.0.{number}", f"fd01::{number}")
        for number, name in enumerate((*CLIENTS, *SERVERS), 1)
    )
    default = rng.choice((Action.DENY, Action.ALLOW))
    plan = Plan(
        tenants=(Tenant("t", 1, default, ORIGIN),),
        segments=(segment("t/net", 1, 100, "10.1.0.0/16", "fd01::/64"),),
        hosts=(host("host1", 1, "leaf1"),),
        endpoints=ends,
        services=tuple(_service(rng, name, number) for number, name in enumerate(SERVICES)),
    )
    rules = tuple(_rule(rng, number) for number in range(rng.randint(2, 9)))
    plan = Plan(plan.tenants, plan.segments, plan.hosts, plan.endpoints, plan.services, rules)
    captures = tuple(_captures(plan))
    return Plan(plan.tenants, plan.segments, plan.hosts, ends, plan.services, rules, captures)


def _service(rng: Random, name: str, number: int) -> Service:
    members = tuple(sorted(rng.sample(SERVERS, rng.randint(1, 3))))
    protocols = rng.sample((AppProtocol.HTTP, AppProtocol.HTTP2, AppProtocol.GRPC), 2)
    ports = tuple(
        ServicePort(f"p{i}", 2 * number + i + 1, 80 + i, 8080 + number, protocol)
        for i, protocol in enumerate(protocols)
    )
    return Service(
        name=name,
        tenant="t",
        segment="t/net",
        hostnames=(),
        vips=(ip_address(f"10.1.1.{number + 1}"), ip_address(f"fd01::1:{number + 1}")),
        ports=ports,
        endpoints=members,
        subsets=(Subset("v1", members[:1]), Subset("v2", members[1:])),
        origin=ORIGIN,
    )


def _rule(rng: Random, number: int) -> Rule:
    action = rng.choice((Action.ALLOW, Action.ALLOW, Action.DENY, Action.AUDIT))
    http = _match(rng) if rng.random() < 0.9 else None
    if action is Action.AUDIT and http is not None:  # no proxy counts by query parameters
        http = replace(http, query=())
    route = _route(rng) if action is Action.ALLOW and rng.random() < 0.6 else None
    whole = http is None and route is None and rng.random() < 0.5
    ports = () if rng.random() < 0.7 else (PortRange(80, rng.choice((80, 81))),)
    return rule(
        f"t/p{number // 2}[{number % 2}]",
        number + 1,
        action=action,
        sources=tuple(sorted(rng.sample(CLIENTS, rng.randint(1, 4)))),
        services=() if whole else tuple(sorted(rng.sample(SERVICES, rng.randint(1, 2)))),
        endpoints=SERVERS if whole else (),
        transport=Transport(rng.choice((None, None, 4, 6)), TCP if ports else None, ports),
        http=http,
        route=route,
    )


def _match(rng: Random) -> HttpMatch:
    def some(values: tuple[str, ...], chance: float) -> tuple[str, ...]:
        return tuple(sorted(rng.sample(values, rng.randint(1, 2)))) if rng.random() < chance else ()

    def tests(names: tuple[str, ...]) -> tuple[tuple[str, StringMatch], ...]:
        return tuple((name, _string(rng, VALUES)) for name in some(names, 0.35)[:1])

    path = _path(rng) if rng.random() < 0.4 else None
    return HttpMatch(some(HOSTS, 0.2), path, some(METHODS, 0.2), tests(HEADERS), tests(PARAMETERS))


def _path(rng: Random) -> StringMatch:
    return StringMatch(rng.choice((Compare.EXACT, Compare.PREFIX)), rng.choice(PATHS))


def _string(rng: Random, values: tuple[str, ...]) -> StringMatch:
    compare = rng.choice(tuple(Compare))
    return StringMatch(compare, "" if compare is Compare.PRESENT else rng.choice(values))


def _route(rng: Random) -> Route:
    shares = tuple(Share(rng.choice((None, "v1", "v2")), rng.choice((0, 1, 5))) for _ in range(2))
    return Route(shares[: rng.randint(1, 2)], rng.choice((None, 2.0)))


def _captures(plan: Plan) -> list[Capture]:
    found = []
    for service in plan.services:
        for port in service.ports:
            sources = tuple(c for c in CLIENTS if _needs(plan, c, service, port))
            if sources:
                found.append(Capture(service.name, port.port, sources, "t/p0[0]", "HTTP"))
    return found


def _needs(plan: Plan, source: str, service: Service, port: ServicePort) -> bool:
    rules = (rules_for_service(plan, source, service, port, family) for family in (4, 6))
    return any(rule.needs_proxy for found in rules for rule in found)


def http_packet(rng: Random, plan: Plan) -> Packet:
    """Return a connection to one of the captured ports, mostly from one of its sources."""
    capture = rng.choice(plan.captures)
    source = plan.endpoint[rng.choice(CLIENTS if rng.random() < 0.1 else capture.sources)]
    address = rng.choice(source.addresses)
    vips = plan.service[capture.service].vips
    vip = next(v for v in vips if v.version == address.version)
    return Packet(source.name, address, vip, TCP, 40000, capture.port)


def http_request(rng: Random) -> Request:
    """Return a request from the same small vocabulary, odd forms among it."""
    path = rng.choice(PATHS if rng.random() < 0.7 else ODD)
    if rng.random() < 0.4:
        count = rng.randint(1, 3)
        path += "?" + "&".join(
            f"{rng.choice(PARAMETERS)}={rng.choice(VALUES).replace(' ', '+')}" for _ in range(count)
        )
    names = [rng.choice(HEADERS) for _ in range(rng.choice((0, 1, 2, 3)))]
    headers = tuple((name, rng.choice(VALUES)) for name in names)
    host = rng.choice(HOSTS if rng.random() < 0.6 else ODD_HOSTS)
    return Request(rng.choice(METHODS), path, host, headers)
