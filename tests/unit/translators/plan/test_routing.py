from dataclasses import replace

from tests.plans import routed, shop_plan
from translators.plan.routing import Router


def test_segments_of_one_router_share_its_zone() -> None:
    plan = routed(shop_plan())
    front, back, lan = (plan.segment[n] for n in ("shop/front", "shop/back", "rival/lan"))
    assert (front.zone, back.zone, lan.zone) == (77, 77, 3)
    assert front.reaches(back)
    assert back.reaches(front)
    assert not front.reaches(lan)


def test_two_routers_of_one_name_are_not_one() -> None:
    plan = routed(shop_plan())
    lan = replace(plan.segment["rival/lan"], router=Router("rival/main", 77))
    assert not lan.reaches(plan.segment["shop/front"])


def test_without_a_router_a_segment_reaches_itself() -> None:
    plan = shop_plan()
    assert plan.joined("shop/front", "shop/front")
    assert not plan.joined("shop/front", "shop/back")
