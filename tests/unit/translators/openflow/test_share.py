from dataclasses import replace
from random import Random

import pytest

from tests.plans import shop_plan
from tests.properties.strategies import random_plan
from translators.openflow.frames import synthetic_ports
from translators.openflow.share import share
from translators.openflow.translate import translate

PLAN = shop_plan()


@pytest.mark.parametrize("number", range(40))
def test_a_bridge_needs_nothing_but_its_share(number: int) -> None:
    plan = random_plan(Random(f"share/{number}"))
    for host in plan.hosts:
        ports = synthetic_ports(plan, host.name)
        wanted = translate(plan, host.name, ports)
        assert translate(share(plan, host.name), host.name, ports) == wanted


def test_a_rule_between_others_is_nobodys_share() -> None:
    elsewhere = [e.name for e in PLAN.endpoints if e.host == "host2"]
    more = replace(
        PLAN.rules[-1],
        name="shop/between[0]",
        number=4711,
        sources=(elsewhere[0],),
        endpoints=(elsewhere[1],),
        services=(),
    )
    wider = replace(PLAN, rules=(*PLAN.rules, more))
    assert share(wider, "host1") == share(PLAN, "host1")
    assert share(wider, "host2") != share(PLAN, "host2")
