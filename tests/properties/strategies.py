"""Plans and traffic that collide, for properties and for tests on real devices.

``random_*`` take a seeded ``random.Random`` and are fast: device tests need thousands. The
hypothesis strategies draw through the same functions, so that a failure shrinks.
"""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

from hypothesis import strategies as st

from tests.properties.worlds import (
    HOSTS,
    METHODS,
    PATHS,
    VALUES,
    Thing,
    documents_of,
    random_things,
)
from translators.compiler.pipeline import Compilation, compile_policy
from translators.diagnostics import Severity
from translators.plan.dhcp import SPEECHES, clients
from translators.plan.evaluate import Packet
from translators.plan.http import Request
from translators.plan.model import ICMP, ICMPV6, TCP, UDP, Address, Endpoint, Plan, Service

_ASKED = (*PATHS, "/admin?v=1", "/a?v=12", "/a//b", "/a/../admin", "/./a", "/%61dmin", "/a%2fb")


def settle(things: list[Thing]) -> tuple[list[Thing], Compilation]:
    """Return the things without the policies that have errors, and what they compile to."""
    while True:
        compiled = compile_policy(documents_of(things))
        wrong = {d.line for d in compiled.diagnostics if d.severity is Severity.ERROR}
        if not wrong:
            return things, compiled
        refused = [things[line - 1] for line in sorted(wrong)]
        assert all(item["kind"] == "Policy" for item in refused), compiled.diagnostics
        things = [item for item in things if item not in refused]


def random_plan(rng: Random) -> Plan:
    """Return a plan without errors."""
    return settle(random_things(rng))[1].plan


def random_packet(rng: Random, plan: Plan) -> Packet:
    """Return a first packet from one of the plan's endpoints, mostly to something that exists."""
    if rng.randrange(25) == 0 and (asked := _leased(rng, plan)) is not None:
        return asked
    if rng.randrange(20) == 0:
        return _ping(rng, plan)
    if rng.randrange(5) == 0 and (fitting := _fitting(rng, plan)) is not None:
        return fitting
    source = rng.choice(plan.endpoints)
    if not plan.segment[source.segment].name.endswith("front"):
        source = rng.choice(plan.endpoints)  # most of the rules are about the first segment
    destination, doors = _destination(rng, plan, source)
    own = [a for a in source.addresses if a.version == destination.version]
    claimed = rng.choice(own) if own else rng.choice(source.addresses)
    if rng.randrange(25) == 0:
        claimed = rng.choice(sorted(_known(plan, claimed.version), key=int))
    if claimed.version != destination.version:
        # One packet has one IP version; a source that lacks it must spoof.
        claimed = ip_address("10.10.0.99" if destination.version == 4 else "fd10:10::99")
    protocol, port = _door(rng, destination.version, doors)
    outgoing = rng.randint(1024, 65535) if port else 0
    return Packet(source.name, claimed, destination, protocol, outgoing, port)


def _ping(rng: Random, plan: Plan) -> Packet:
    """Return a ping of a gateway: mostly of the sender's own segment, else of any."""
    source = rng.choice(plan.endpoints)
    families = {a.version for a in source.addresses}
    own = [g for g in plan.segment[source.segment].gateways if g.version in families]
    known = [g for s in plan.segments for g in s.gateways if g.version in families]
    gateway = rng.choice((own or known) if rng.randrange(3) else known)
    claimed = next(a for a in source.addresses if a.version == gateway.version)
    return Packet(source.name, claimed, gateway, ICMP if gateway.version == 4 else ICMPV6)


def _fitting(rng: Random, plan: Plan) -> Packet | None:
    """Return a packet that some rule is about, if another does not decide before it."""
    rules = [r for r in plan.rules if r.sources and r.http is None and (r.endpoints or r.externals)]
    if not rules:
        return None
    rule = rng.choice(rules)
    source = plan.endpoint[rng.choice(rule.sources)]
    targets = [a for name in rule.endpoints for a in plan.endpoint[name].addresses]
    targets += [network.network_address + 1 for network in rule.externals]
    asked = (4, 6) if rule.transport.family is None else (rule.transport.family,)
    families = {a.version for a in source.addresses}.intersection(asked)
    fitting = [a for a in targets if a.version in families and a not in source.addresses]
    if not fitting:
        return None
    destination = rng.choice(fitting)
    protocol = rule.transport.protocol or rng.choice((TCP, UDP))
    if protocol == ICMP and destination.version == 6:
        protocol = ICMPV6
    ports = rule.transport.ports[:1]
    port = rng.choice((ports[0].first, ports[0].last)) if ports else 8080
    own = next(a for a in source.addresses if a.version == destination.version)
    carried = protocol in (TCP, UDP)
    return Packet(source.name, own, destination, protocol, 40000 * carried, port * carried)


def _leased(rng: Random, plan: Plan) -> Packet | None:
    """Return something like DHCP in a segment with a server; to all, it is only asked."""
    served = [e for e in plan.endpoints if plan.segment[e.segment].dhcp is not None]
    speech = rng.choice(SPEECHES)
    source = rng.choice(served or list(plan.endpoints))
    known = sorted(_known(plan, speech.family), key=int)
    if not served or not known:
        return None
    nobody, everybody = speech.nobody.network_address, speech.servers.network_address
    own = speech.reached(source)
    claimed = rng.choice([nobody, *own, *own, rng.choice(known)])
    if source.name == plan.segment[source.segment].dhcp:
        port = rng.choice((speech.client, speech.client, speech.server))
        meant = [a for e in clients(plan, source, speech) for a in speech.reached(e)]
        return Packet(source.name, claimed, rng.choice(known + meant), UDP, speech.server, port)
    destination = rng.choice([everybody, everybody, rng.choice(known)])
    port = rng.choice((speech.server, speech.server, speech.server, speech.client))
    return Packet(source.name, claimed, destination, UDP, speech.client, port)


def _door(rng: Random, family: int, doors: list[tuple[int, int]]) -> tuple[int, int]:
    """Return a protocol and port: one of the destination's own, or any."""
    if doors and rng.randrange(5):
        return rng.choice(doors)
    protocol = rng.choice((TCP, TCP, UDP, ICMP if family == 4 else ICMPV6, 132))
    if protocol not in (TCP, UDP):
        return protocol, 0
    return protocol, rng.choice((22, 53, 80, 80, 100, 5353, 8080, 8080, 8081))


def _destination(
    rng: Random, plan: Plan, source: Endpoint
) -> tuple[Address, list[tuple[int, int]]]:
    """Return an address and the protocols and ports that something listens on there."""
    kind = rng.randrange(48 if any(rule.externals for rule in plan.rules) else 41)
    families = {address.version for address in source.addresses}
    if kind < 20:
        near = [s for s in plan.services if plan.joined(s.segment, source.segment)]
        service = rng.choice(near or list(plan.services))
        ports = [(p.protocol.transport, p.port) for p in service.ports]
        return _like(rng, service.vips, families), ports
    if kind < 38:
        joined = (e for e in plan.endpoints if plan.joined(e.segment, source.segment))
        near_ones = [e for e in joined if e != source]
        target = rng.choice(near_ones if kind < 36 and near_ones else plan.endpoints)
        behind = [s for s in plan.services if target.name in s.endpoints]
        ports = [(p.protocol.transport, p.target) for s in behind for p in s.ports]
        return _like(rng, target.addresses, families), ports
    strange = ("10.10.0.250", "fd10:10::250", "10.20.0.77", "224.0.0.5", "169.254.1.1", "ff02::5")
    outside = ("192.0.2.1", "203.0.113.9", "203.0.113.80", "2001:db8::9", "2001:db8:1::9")
    if kind > 39:
        return _like(rng, tuple(map(ip_address, outside)), families), []
    return ip_address(rng.choice(strange)), []


def _like(rng: Random, addresses: tuple[Address, ...], families: set[int]) -> Address:
    """Return one of the addresses, mostly one of a family that the source has."""
    fitting = [a for a in addresses if a.version in families]
    return rng.choice(fitting if fitting and rng.randrange(20) else list(addresses))


def _known(plan: Plan, version: int) -> set[Address]:
    return {a for e in plan.endpoints for a in e.addresses if a.version == version}


def random_request(rng: Random, plan: Plan) -> Request:
    """Return a request that plays with everything that rules can match."""
    headers = [("x-tester", rng.choice(VALUES)) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    path = rng.choice(_ASKED)
    if "?" not in path and rng.randrange(4) == 0:
        path += "?v=" + rng.choice(VALUES)
    host = rng.choice((*HOSTS, *HOSTS, "WEB.example:80", "other.example"))
    return Request(rng.choice((*METHODS, "HEAD")), path, host, tuple(headers))


def captured_packets(plan: Plan) -> list[tuple[Packet, Service]]:
    """Return a packet for every source, virtual address and port that goes through a proxy."""
    found = []
    for capture in plan.captures:
        service = plan.service[capture.service]
        for name in capture.sources:
            for own in plan.endpoint[name].addresses:
                for vip in (v for v in service.vips if v.version == own.version):
                    found.append((Packet(name, own, vip, TCP, 40000, capture.port), service))
    return found


def _randoms() -> st.SearchStrategy[Random]:
    return st.randoms(use_true_random=False)


THINGS = _randoms().map(random_things)
PLANS = _randoms().map(random_plan)


def packets(plan: Plan) -> st.SearchStrategy[Packet]:
    """Return a strategy of packets for this plan."""
    return _randoms().map(lambda rng: random_packet(rng, plan))


def requests(plan: Plan) -> st.SearchStrategy[Request]:
    """Return a strategy of requests for this plan."""
    return _randoms().map(lambda rng: random_request(rng, plan))
