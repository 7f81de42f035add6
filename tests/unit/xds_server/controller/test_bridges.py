from dataclasses import replace

from tests.plans import shop_plan
from translators.openflow.frames import synthetic_ports
from xds_server.controller.bridges import Newsroom, bridge_program, translation
from xds_server.snapshots.bridge import difference

PLAN = shop_plan()
PORTS = synthetic_ports(PLAN, "host1")


def test_a_program_of_which_nothing_has_changed_is_the_same_one() -> None:
    before = translation(PLAN, "host1", PORTS)
    other = replace(PLAN, placements=(), rules=tuple(PLAN.rules))
    after = translation(other, "host1", PORTS, before)
    assert after.program is before.program
    assert after.bridge.site.plan is other  # the next plan is compared with this one


def test_a_changed_program_knows_what_it_was_made_from() -> None:
    before = translation(PLAN, "host1", PORTS)
    fewer = replace(PLAN, rules=PLAN.rules[1:])
    after = translation(fewer, "host1", PORTS, before)
    assert after.program == bridge_program(fewer, "host1", PORTS)
    assert [total for total, _ in after.program.steps] == [before.program.total]
    assert difference(before.program, after.program)


def test_other_ports_lead_to_another_program() -> None:
    before = translation(PLAN, "host1", PORTS)
    moved = {**PORTS, "web": 99}
    after = translation(PLAN, "host1", moved, before)
    assert after.program == bridge_program(PLAN, "host1", moved) != before.program


def test_the_news_of_a_plan_are_worked_out_once() -> None:
    newsroom = Newsroom(replace(PLAN, rules=()))
    assert newsroom.since(PLAN) is newsroom.since(PLAN)
    assert newsroom.since(PLAN).parts == {"rules"}
