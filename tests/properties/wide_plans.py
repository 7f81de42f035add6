"""Random plans with rules that overlap widely, and random changes of them.

Documents make few conjunctions, and rarely change one thing that many others depend on.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random
from typing import TypeVar

from tests.plans import ORIGIN, endpoint, host, rule, segment
from translators.plan.model import (
    Action,
    AppProtocol,
    Capture,
    Endpoint,
    HttpMatch,
    Plan,
    PortRange,
    Rule,
    Segment,
    Service,
    ServicePort,
    Shaping,
    Tenant,
    Transport,
)
from translators.plan.routing import Router

T = TypeVar("T")
_HOSTS = ("host1", "host2", "host3")
_NAMES = tuple(f"t/w{number}" for number in range(1, 13))
_SERVICES = ("t/s1", "t/s2", "t/s3")


def wide_plan(rng: Random) -> Plan:
    """Return a plan of twelve endpoints on three hosts, three services and up to 16 rules."""
    services = tuple(_service(rng, number) for number in range(1, 4))
    rules = tuple(_rule(rng, number) for number in rng.sample(range(1, 30), rng.randint(4, 16)))
    return Plan(
        tenants=(Tenant("t", 1, Action.DENY, ORIGIN),),
        segments=_segments(rng),
        hosts=tuple(host(name, number, "leaf1") for number, name in enumerate(_HOSTS, 1)),
        endpoints=tuple(_endpoint(rng, number) for number in range(1, 13)),
        services=services,
        rules=rules,
        captures=_captures(rng, services, rules),
    )


def changed(rng: Random, plan: Plan) -> Plan:
    """Return the plan with one thing changed, and all others the same objects."""
    return rng.choice(_CHANGES)(rng, plan)


def _some(rng: Random, names: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(names, rng.randint(0, min(most, len(names))))))


def _segments(rng: Random) -> tuple[Segment, ...]:
    router = rng.choice((None, None, Router("t/r", 77)))
    found = (segment("t/a", 1, 10, "10.1.0.0/16"), segment("t/b", 2, 20, "10.2.0.0/16"))
    return tuple(replace(one, router=router) for one in found)


def _endpoint(rng: Random, number: int) -> Endpoint:
    place = rng.choice(("t/a", "t/a", "t/b"))
    third = rng.randrange(1, 9)
    addresses = [f"10.{1 if place == 't/a' else 2}.{third}.{number}", f"fd00::{number}"]
    kept = addresses[: rng.randint(1, 2)]
    return endpoint(f"t/w{number}", number, rng.choice(_HOSTS), place, *kept)


def _service(rng: Random, number: int) -> Service:
    ports = (
        ServicePort("http", 2 * number, 80, 8080, AppProtocol.HTTP),
        ServicePort("tcp", 2 * number + 1, 90, rng.choice((9090, 9091)), AppProtocol.TCP),
    )
    vips = (ip_address(f"10.1.255.{number}"),)
    ends = _some(rng, _NAMES, 5)
    return Service(
        f"t/s{number}", "t", "t/a", (), vips, ports[: rng.randint(1, 2)], ends, (), ORIGIN
    )


def _rule(rng: Random, number: int) -> Rule:
    ports = [PortRange(p, p + rng.choice((0, 0, 3))) for p in rng.sample((80, 90, 8080, 9090), 2)]
    transport = rng.choice((Transport(), Transport(4), Transport(None, 6, tuple(sorted(ports)))))
    http = HttpMatch(methods=("GET",)) if rng.randrange(5) == 0 else None
    return rule(
        f"t/p{number}[0]",
        number,
        action=rng.choice((Action.ALLOW, Action.ALLOW, Action.DENY)),
        sources=_some(rng, _NAMES, 8),
        endpoints=_some(rng, _NAMES, 8),
        services=_some(rng, _SERVICES, 3),
        transport=Transport() if http else transport,
        http=http,
        shape=rng.choice((None, None, None, _shaping(rng))),
        mirror=rng.choice((None, None, rng.choice(_NAMES))),
    )


def _shaping(rng: Random) -> Shaping:
    return Shaping(rng.choice((1000, 2000)), 100, 10, queue=rng.choice((False, True)))


def _captures(
    rng: Random, services: tuple[Service, ...], rules: tuple[Rule, ...]
) -> tuple[Capture, ...]:
    chosen = rng.sample(services, rng.randint(0, 2))
    return tuple(
        Capture(one.name, 80, _some(rng, _NAMES, 6), rng.choice(rules).name, "")
        for one in sorted(chosen)
    )


def _with(things: tuple[T, ...], old: T, new: T) -> tuple[T, ...]:
    return tuple(new if one is old else one for one in things)


def _another_rule(rng: Random, plan: Plan) -> Plan:
    numbers = {one.number for one in plan.rules}
    new = _rule(rng, rng.choice([n for n in range(1, 40) if n not in numbers]))
    place = rng.randint(0, len(plan.rules))
    return replace(plan, rules=(*plan.rules[:place], new, *plan.rules[place:]))


def _no_rule(rng: Random, plan: Plan) -> Plan:
    capturing = {capture.rule for capture in plan.captures}
    free = [one.name for one in plan.rules if one.name not in capturing]
    gone = rng.choice(free) if free else ""
    return replace(plan, rules=tuple(one for one in plan.rules if one.name != gone))


def _other_rule(rng: Random, plan: Plan) -> Plan:
    old = rng.choice(plan.rules)
    new = _rule(rng, old.number)
    if rng.randrange(2):
        new = replace(old, sources=new.sources)
    return replace(plan, rules=_with(plan.rules, old, new))


def _of_the_other_level(rng: Random, plan: Plan) -> Plan:
    """Turn a rule from packets to requests or back; all else of it stays."""
    old = rng.choice(plan.rules)
    new = replace(old, http=None if old.http else HttpMatch(methods=("GET",)))
    return replace(plan, rules=_with(plan.rules, old, new))


def _other_order(rng: Random, plan: Plan) -> Plan:
    return replace(plan, rules=tuple(rng.sample(plan.rules, len(plan.rules))))


def _other_endpoint(rng: Random, plan: Plan) -> Plan:
    old = rng.choice(plan.endpoints)
    number = int(old.name.removeprefix("t/w"))
    new = replace(_endpoint(rng, number), identity=old.identity)
    if rng.randrange(2):
        new = replace(old, host=new.host)
    return replace(plan, endpoints=_with(plan.endpoints, old, new))


def _other_identity(rng: Random, plan: Plan) -> Plan:
    old = rng.choice(plan.endpoints)
    new = replace(old, identity=rng.randint(100, 200))
    kept = {one.identity for one in plan.endpoints if one is not old}
    ends = _with(plan.endpoints, old, new)
    return plan if new.identity in kept else replace(plan, endpoints=ends)


def _other_service(rng: Random, plan: Plan) -> Plan:
    old = rng.choice(plan.services)
    new = _service(rng, int(old.name[-1]))
    return replace(plan, services=_with(plan.services, old, new))


def _other_captures(rng: Random, plan: Plan) -> Plan:
    return replace(plan, captures=_captures(rng, plan.services, plan.rules))


def _other_host(rng: Random, plan: Plan) -> Plan:
    old = rng.choice(plan.hosts)
    new = replace(old, tunnel=host(old.name, rng.choice((old.datapath_id, 9)), "leaf1").tunnel)
    return replace(plan, hosts=_with(plan.hosts, old, new))


def _other_segments(rng: Random, plan: Plan) -> Plan:
    return replace(plan, segments=_segments(rng))


_CHANGES = (
    _another_rule,
    _no_rule,
    _other_rule,
    _other_rule,
    _other_order,
    _of_the_other_level,
    _of_the_other_level,
    _other_endpoint,
    _other_endpoint,
    _other_identity,
    _other_service,
    _other_captures,
    _other_host,
    _other_segments,
)
