"""Proxies that are carried on from plan to plan hold what a translation from nothing makes."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.edits import journey
from tests.properties.http_plans import http_plan
from translators.envoy import Proxies, translated
from translators.plan.model import Plan
from xds_server.controller.proxies import snapshots_of
from xds_server.snapshots.model import Snapshot

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)


class _Hosts:
    """The proxies of every host, carried on."""

    def __init__(self) -> None:
        self._made = Proxies()
        self._held: Mapping[str, Snapshot] = {}

    def go_to(self, plan: Plan) -> None:
        made, anew = translated(plan, before=self._made), translated(plan)
        assert made == anew
        held, full = snapshots_of(made, self._made, self._held), snapshots_of(anew, Proxies(), {})
        assert held == full
        for host, snapshot in full.items():
            assert dict(held[host].versions) == dict(snapshot.versions), host
        self._made, self._held = made, held


@SLOW
@given(SEEDS)
def test_after_any_edits_of_documents_proxies_hold_what_the_documents_lead_to(seed: int) -> None:
    hosts = _Hosts()
    for plan in journey(Random(seed), 10):
        hosts.go_to(plan)


@SLOW
@given(SEEDS)
def test_after_any_change_of_requests_proxies_hold_what_the_plan_leads_to(seed: int) -> None:
    rng = Random(seed)
    plan, hosts = http_plan(rng), _Hosts()
    for _ in range(8):
        hosts.go_to(plan)
        other, field = http_plan(rng), rng.choice(("rules", "services", "captures", "tenants"))
        if rng.randrange(2):
            mixed = [rng.choice(pair) for pair in zip(plan.rules, other.rules, strict=False)]
            plan = replace(plan, rules=tuple(mixed), captures=other.captures)
        else:
            plan = replace(plan, **{field: getattr(other, field)})
