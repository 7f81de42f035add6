"""What compiling owes to whoever changes a policy: indifference, stability, isolation."""

import json
import subprocess
import sys
from hashlib import sha256
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.strategies import random_packet, random_plan, settle
from tests.properties.worlds import Thing, documents_of, random_things
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import compile_policy
from translators.plan.canonical import to_yaml
from translators.plan.covering import rules_for_service
from translators.plan.evaluate import evaluate
from translators.plan.model import Action

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)
ALLOW = {"from": [{"any": True}], "to": [{"any": True}], "rules": [{"action": "allow"}]}


def _things(seed: int) -> list[Thing]:
    return settle(random_things(Random(seed)))[0]


@SLOW
@given(SEEDS)
def test_the_order_of_documents_changes_nothing(seed: int) -> None:
    documents = list(documents_of(random_things(Random(seed))))
    expected = compile_policy(documents)
    Random(seed).shuffle(documents)
    shuffled = compile_policy(documents)
    assert shuffled == expected
    assert to_yaml(shuffled.plan) == to_yaml(expected.plan)


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_the_hash_seed_changes_nothing(hash_seed: str) -> None:
    script = (
        "from random import Random; from hashlib import sha256\n"
        "from tests.properties.strategies import random_plan\n"
        "from translators.plan.canonical import to_yaml\n"
        "text = ''.join(to_yaml(random_plan(Random(n))) for n in range(8))\n"
        "print(sha256(text.encode()).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    text = "".join(to_yaml(random_plan(Random(n))) for n in range(8))
    assert run.stdout.strip() == sha256(text.encode()).hexdigest()


@SLOW
@given(SEEDS, st.data())
def test_what_was_allocated_stays_while_others_come_and_go(seed: int, data: st.DataObject) -> None:
    things = _things(seed)
    gone = data.draw(st.sampled_from([t for t in things if t["kind"] in ("Policy", "Service")]))
    fewer = settle([t for t in things if t is not gone and t["kind"] != "Policy"])
    held = Allocations.from_dict(json.loads(json.dumps(fewer[1].allocations.to_dict())))
    grown = compile_policy(documents_of(things), held).allocations
    for part in ("tenants", "segments", "endpoints", "ports", "rules", "vips"):
        before = getattr(held, part)
        assert {name: getattr(grown, part)[name] for name in before} == dict(before)
        values = list(getattr(grown, part).values())
        flat = [a for held in values for a in held] if part == "vips" else values
        assert len(flat) == len(set(flat))


@SLOW
@given(SEEDS)
def test_a_tenants_policy_never_widens_anothers(seed: int) -> None:
    rng = Random(seed)
    things = _things(seed)
    opened = {
        "apiVersion": "fsdn/v1",
        "kind": "Policy",
        "metadata": {"name": "open", "tenant": "rival"},
        "spec": {**ALLOW, "priority": 100},
    }
    before = compile_policy(documents_of(things)).plan
    after = compile_policy(documents_of([*things, opened])).plan
    for _ in range(60):
        packet = random_packet(rng, before)
        if before.endpoint[packet.endpoint].tenant == "shop":
            assert evaluate(after, packet) == evaluate(before, packet)
        elif evaluate(after, packet).action is Action.ALLOW:
            targets = {target.endpoint for target in evaluate(after, packet).targets}
            assert all(name.startswith("rival/") for name in targets)


@SLOW
@given(SEEDS)
def test_captures_are_where_the_reference_says_a_proxy_decides(seed: int) -> None:
    plan = random_plan(Random(seed))
    for service in plan.services:
        for port in (p for p in service.ports if p.protocol.is_http):
            for source in (e for e in plan.endpoints if e.segment == service.segment):
                families = {a.version for a in source.addresses} & {v.version for v in service.vips}
                needed = any(
                    rule.needs_proxy
                    for family in families
                    for rule in rules_for_service(plan, source.name, service, port, family)
                )
                assert plan.is_captured(source.name, service.name, port.port) is needed


@SLOW
@given(SEEDS)
def test_every_rule_has_a_placement_and_every_capture_a_rule(seed: int) -> None:
    plan = random_plan(Random(seed))
    names = {rule.name for rule in plan.rules}
    assert {placement.rule for placement in plan.placements} == names
    assert {capture.rule for capture in plan.captures} <= names
    assert len({rule.number for rule in plan.rules}) == len(plan.rules)
