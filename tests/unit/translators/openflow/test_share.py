from dataclasses import replace
from random import Random

import pytest

from tests.plans import rule_within, shop_plan
from tests.properties.strategies import random_plan
from translators.openflow.frames import synthetic_ports
from translators.openflow.share import meets
from translators.openflow.site import Site
from translators.openflow.translate import translate
from translators.plan.model import Plan, Shaping

PLAN = shop_plan()


def _site(plan: Plan, host: str) -> Site:
    return Site(plan, plan.host[host], synthetic_ports(plan, host))


@pytest.mark.parametrize("number", range(40))
def test_a_bridge_needs_no_rules_but_its_share(number: int) -> None:
    plan = random_plan(Random(f"share/{number}"))
    for host in plan.hosts:
        site = _site(plan, host.name)
        fewer = replace(plan, rules=tuple(rule for rule in plan.rules if meets(site, rule)))
        wanted = translate(plan, host.name, site.ports)
        assert translate(fewer, host.name, site.ports) == wanted


def test_a_rule_between_others_is_nobodys_share() -> None:
    between = rule_within(PLAN, "host2")
    assert not meets(_site(PLAN, "host1"), between)
    assert meets(_site(PLAN, "host2"), between)


def test_a_queue_has_its_number_also_before_its_workload_is_attached() -> None:
    plan = replace(PLAN, captures=())
    bare = Site(plan, plan.host["host1"], {})
    queued = replace(plan.rules[-1], sources=("shop/web",), shape=Shaping(1000, 200, queue=True))
    assert meets(bare, queued)
    assert not meets(bare, replace(queued, shape=Shaping(1000, 200)))
