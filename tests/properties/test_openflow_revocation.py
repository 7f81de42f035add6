"""A change of policy ends exactly the connections that the new policy does not admit."""

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.strategies import PLANS, random_packet
from translators.openflow.frames import from_tunnel, from_workload, receiver_of, synthetic_ports
from translators.openflow.simulate import Trace, Tracked, simulate
from translators.openflow.translate import translate
from translators.plan.evaluate import Packet
from translators.plan.model import Action, Host, Plan
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
    drain = bool(committed.label >> 96)
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
        packet = random_packet(rng, before)
        traces = old.go(packet)
        tracked = [trace.committed for trace in traces if trace.committed is not None]
        steered = traces[-1].output == old.ports[_host(before, packet)].get("fsdn-proxy")
        if traces[-1].output is None or len(tracked) < len(traces) or steered:
            continue
        if len({bool(committed.label >> 96) for committed in tracked}) > 1:
            continue  # both ends go by rules of their own: see docs/sessions.md
        known = _established(before, packet, traces)
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


def _host(plan: Plan, packet: Packet) -> str:
    return plan.endpoint[packet.endpoint].host
