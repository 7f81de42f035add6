"""A change of policy ends exactly the connections that the new policy does not admit."""

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.strategies import PLANS, random_packet, random_plan
from translators.openflow.fields import LABEL_LASTING, OUTLIVES
from translators.openflow.frames import from_tunnel, from_workload, receiver_of, synthetic_ports
from translators.openflow.simulate import Trace, Tracked, simulate
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import Action, Host, Plan, Service
from translators.plan.standing import Established, stands

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def _changed(rng: Random, plan: Plan) -> Plan:
    """Return a plan of the same nouns whose rules, captures and defaults are others."""
    rules = tuple(
        replace(
            rule,
            action=rng.choice((rule.action, rule.action, Action.DENY))
            if not rule.route
            else rule.action,
            sources=tuple(s for s in rule.sources if rng.random() < 0.8),
            endpoints=tuple(e for e in rule.endpoints if rng.random() < 0.8),
        )
        for rule in plan.rules
        if rng.random() < 0.7
    )
    named = {rule.name for rule in rules}
    captures = tuple(c for c in plan.captures if c.rule in named and rng.random() < 0.8)
    tenants = tuple(
        replace(t, default=rng.choice((t.default, Action.ALLOW, Action.DENY))) for t in plan.tenants
    )
    return replace(plan, tenants=tenants, rules=rules, captures=captures)


def _draining(rng: Random, plan: Plan) -> Plan:
    return replace(
        plan, rules=tuple(replace(r, drain=rng.choice((True, None))) for r in plan.rules)
    )


class Ways:
    """Both ends' bridges under one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ports = {h.name: synthetic_ports(plan, h.name) for h in plan.hosts}
        self._programs = {h.name: translate(plan, h.name, self.ports[h.name]) for h in plan.hosts}

    def go(self, packet: Packet, found: list[Tracked] | None = None) -> list[Trace]:
        host = self.plan.host[self.plan.endpoint[packet.endpoint].host]
        frame = from_workload(self.plan, packet, self.ports[host.name])
        known = list(found or ())
        first = simulate(self._programs[host.name], frame, 0, known.pop(0) if known else None)
        if first.output != self.ports[host.name][host.tunnel_port]:
            return [first]
        there = receiver_of(self.plan, first.frame)
        assert isinstance(there, Host)
        arrived = from_tunnel(first.frame, host, there, self.ports[there.name])
        found_there = known.pop(0) if known else None
        return [first, simulate(self._programs[there.name], arrived, 0, found_there)]


def _established(before: Plan, packet: Packet, traces: list[Trace]) -> Established:
    service = before.by_vip.get(packet.destination)
    door = traces[-1].frame
    committed = traces[0].committed
    assert committed is not None
    drain = _drains(committed)
    if service is None:
        return Established(
            packet, getattr(before.by_address.get(packet.destination), "name", ""), drain=drain
        )
    addresses = [
        e.name
        for e in before.endpoints
        if any(int(a) in door.values() for a in e.addresses) and e.name != packet.endpoint
    ]
    return Established(packet, addresses[0], service.name, packet.destination_port, drain)


@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
@given(plan=PLANS, seed=st.integers(0, 1 << 32))
def test_what_stands_goes_on_and_nothing_else(plan: Plan, seed: int) -> None:
    rng = Random(seed)
    before = _draining(rng, plan)
    old, new = Ways(before), Ways(_changed(rng, before))
    for _ in range(12):
        _hold(old, new, random_packet(rng, before))


def _hold(old: Ways, new: Ways, packet: Packet) -> bool:
    """Hold what becomes of a connection against its meaning; False: there was no connection."""
    traces = old.go(packet)
    tracked = [trace.committed for trace in traces if trace.committed is not None]
    steered = traces[-1].output == old.ports[_host(old.plan, packet)].get("fsdn-proxy")
    if traces[-1].output is None or len(tracked) < len(traces) or steered:
        return False
    if len({_drains(committed) for committed in tracked}) > 1:
        return False  # both ends go by rules of their own: see docs/sessions.md
    known = _established(old.plan, packet, traces)
    if len(traces) > 1 and _led_otherwise(old.plan, new.plan, known):
        return False  # as there
    again = new.go(packet, tracked)
    passed = again[-1].output is not None
    assert passed == stands(new.plan, known), (known, new.plan.rules)
    if passed:
        assert [t.output for t in again] == [t.output for t in traces]
        assert [t.committed for t in again] == [None] * len(again)
    else:
        cut = again[-1].committed
        assert cut is not None
        assert cut.mark in (68, 72)
    return len(traces) > 1


def test_what_services_have_led_to_endpoints_that_left_them_goes_on() -> None:
    between_hosts = 0
    for seed in range(120):
        rng = Random(seed)
        plan = random_plan(rng)
        strict = replace(plan, tenants=tuple(replace(t, default=Action.DENY) for t in plan.tenants))
        left = replace(strict, services=tuple(_smaller(rng, s) for s in strict.services))
        old, new = Ways(strict), Ways(left)
        packets = [packet for _ in range(12) if (packet := _by_service(rng, strict)) is not None]
        between_hosts += sum(_hold(old, new, packet) for packet in packets)
    assert between_hosts > 20


def _led_otherwise(old: Plan, new: Plan, known: Established) -> bool:
    """Whether a service leads to the door of an endpoint that left another, or a rule denies it."""
    if known.service is None or known.endpoint in new.service[known.service].endpoints:
        return False
    protocol = known.packet.protocol
    port = old.service[known.service].port(known.port, protocol)
    assert port is not None
    door = (port.target, protocol)
    target = new.endpoint[known.endpoint]
    address = next(a for a in target.addresses if a.version == known.packet.family)
    direct = replace(known.packet, destination=address, destination_port=port.target)
    verdict = evaluate(new, direct)
    if verdict.rule is not None and verdict.action is Action.DENY:
        return True
    return any(
        known.endpoint in s.endpoints
        and door in [(p.target, p.protocol.transport) for p in s.ports]
        for s in new.services
    )


def _smaller(rng: Random, service: Service) -> Service:
    """Return a service that some of its endpoints have left."""
    kept = tuple(e for e in service.endpoints if rng.random() < 0.5)
    subsets = (replace(s, endpoints=tuple(set(s.endpoints) & set(kept))) for s in service.subsets)
    cuts = rng.choice((True, None))
    return replace(service, endpoints=kept, subsets=tuple(subsets), cuts=cuts, draining=())


def _by_service(rng: Random, plan: Plan) -> Packet | None:
    """Return a first packet to a service port, from somebody whom a rule lets; often none."""
    rules = [r for r in plan.rules if r.services and r.sources and r.action is Action.ALLOW]
    if not rules:
        return None
    rule = rng.choice(rules)
    source = plan.endpoint[rng.choice(rule.sources)]
    service = plan.service[rng.choice(rule.services)]
    port, vip = rng.choice(service.ports), rng.choice(service.vips)
    own = [a for a in source.addresses if a.version == vip.version]
    if not own:
        return None
    return Packet(source.name, own[0], vip, port.protocol.transport, 40000, port.port)


def _drains(committed: Tracked) -> bool:
    return bool(committed.label >> LABEL_LASTING & OUTLIVES)


def _host(plan: Plan, packet: Packet) -> str:
    return plan.endpoint[packet.endpoint].host
