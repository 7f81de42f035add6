"""Real groups spread hash values by the weights that the plan's meaning has."""

from collections import Counter

import pytest

from tests.properties.openflow_journey import travel
from tests.properties.openflow_real import Bridges
from tests.unit.translators.compiler.small import SQL, host, plan_of, policy, service, workload
from translators.openflow.features.slots import SLOTS
from translators.plan.evaluate import Packet, evaluate
from translators.plan.model import TCP, Plan

pytestmark = pytest.mark.device
PARTS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}


def _plan(members: int, weights: tuple[int, int]) -> Plan:
    shares = [{"subset": s, "weight": w} for s, w in zip(PARTS, weights, strict=True)]
    more = [workload(f"api-{n}", 30 + n, "api") for n in range(3, members + 1)]
    routed = policy("p", {"match": {"tcp": {}}, "route": {"to": shares}})
    return plan_of(host("host2", 2), *more, service("api", SQL, subsets=PARTS), routed)


def _packet(plan: Plan, family: int) -> Packet:
    vips = plan.service["shop/api"].vips
    own, vip = (
        next(a for a in found if a.version == family)
        for found in (plan.endpoint["shop/web"].addresses, vips)
    )
    return Packet("shop/web", own, vip, TCP, 40000, 5432)


@pytest.mark.parametrize("members", [2, 5])
@pytest.mark.parametrize("weights", [(90, 10), (5, 0), (1, 65535), (999, 1)])
def test_hash_values_are_spread_by_weight(
    bridges: Bridges, members: int, weights: tuple[int, int]
) -> None:
    plan = _plan(members, weights)
    bridges.load(plan)
    packet = _packet(plan, 4 if members % 2 else 6)
    wanted = {t.endpoint: t.weight for t in evaluate(plan, packet).targets}
    met = Counter(travel(plan, bridges, packet, n, False).endpoint for n in range(SLOTS))
    assert met.keys() == wanted.keys(), (weights, met, wanted)
    for name, weight in wanted.items():
        share = weight / sum(wanted.values())
        assert abs(met[name] / SLOTS - share) <= 1 / 16, (weights, met, wanted)
