import json

from tests.plans import shop_plan
from xds_server.controller.printing import bridge_text, plan_text, proxy_text, switch_text

PLAN = shop_plan()


def test_each_dialect_prints_in_its_own_words() -> None:
    assert "shop/reviews" in plan_text(PLAN)
    assert "Listener" in proxy_text(PLAN, "host1")
    assert "cookie=0xf5d0" in bridge_text(PLAN, "host1")
    assert "router bgp" in switch_text(PLAN, PLAN.switches[0].name)


def test_a_switch_ends_with_its_devices_as_json() -> None:
    text = switch_text(PLAN, PLAN.switches[0].name)
    start = text.index("\n{") if "\n{" in text else text.index("\n[")
    assert json.loads(text[start:])
