"""The software model and the plan's meaning agree; permuted input gives the same bytes."""

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.openflow_journey import (
    BUCKETS,
    counted,
    deciding_rule,
    disagreement,
    simulated,
    travel,
)
from tests.properties.strategies import PLANS, random_packet
from translators.openflow.encode import encode
from translators.openflow.explain import explain
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.evaluate import evaluate
from translators.plan.model import Action, Layer, Plan

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=_SLOW)
@given(plan=PLANS, seed=st.integers(0, 1 << 32))
def test_the_model_does_what_the_plan_means(plan: Plan, seed: int) -> None:
    rng = Random(seed)
    bridge = simulated(plan)
    for _ in range(12):
        packet = random_packet(rng, plan)
        for spread in range(BUCKETS if packet.destination in plan.by_vip else 1):
            arrival = travel(plan, bridge, packet, spread, proxied=False)
            assert not disagreement(plan, packet, arrival)
        verdict = evaluate(plan, packet)
        if packet.destination in plan.by_address and packet.destination not in plan.by_vip:
            assert deciding_rule(plan, arrival) == verdict.rule
            assert counted(plan, arrival) == verdict.audits


@settings(max_examples=25, deadline=None, suppress_health_check=_SLOW)
@given(plan=PLANS, seed=st.integers(0, 1 << 32))
def test_explanations_say_what_the_plan_means(plan: Plan, seed: int) -> None:
    rng = Random(seed)
    for _ in range(6):
        packet = random_packet(rng, plan)
        verdict = evaluate(plan, packet)
        explained = explain(plan, packet)
        rows = [row for row in explained if row.verdict not in ("audit", "shape", "mirror")]
        if packet.destination in plan.by_address:
            assert [r.rule for r in explained if r.verdict == "audit"] == [*verdict.audits]
        if verdict.steered:
            assert [row.verdict for row in rows] == ["steer"]
            assert rows[0].rule == verdict.rule
        elif verdict.action is Action.ALLOW:
            assert {row.verdict for row in rows} == {"allow"}
        else:
            assert rows[0].verdict == "deny"
        assert verdict.layer is Layer.PROXY or not verdict.steered
        assert all(row.reason and row.native for row in explained)


@settings(max_examples=25, deadline=None, suppress_health_check=_SLOW)
@given(plan=PLANS, seed=st.integers(0, 1 << 32))
def test_the_order_of_input_changes_no_byte(plan: Plan, seed: int) -> None:
    rng = Random(seed)
    shuffled = replace(
        plan,
        tenants=tuple(rng.sample(plan.tenants, len(plan.tenants))),
        segments=tuple(rng.sample(plan.segments, len(plan.segments))),
        hosts=tuple(rng.sample(plan.hosts, len(plan.hosts))),
        endpoints=tuple(rng.sample(plan.endpoints, len(plan.endpoints))),
        services=tuple(
            replace(s, endpoints=tuple(rng.sample(s.endpoints, len(s.endpoints))))
            for s in rng.sample(plan.services, len(plan.services))
        ),
        rules=tuple(
            replace(
                r,
                sources=tuple(rng.sample(r.sources, len(r.sources))),
                endpoints=tuple(rng.sample(r.endpoints, len(r.endpoints))),
                services=tuple(rng.sample(r.services, len(r.services))),
            )
            for r in plan.rules
        ),
    )
    for host in plan.host:
        ports = synthetic_ports(plan, host)
        back = dict(reversed(ports.items()))
        assert encode(translate(shuffled, host, back)) == encode(translate(plan, host, ports))
