"""The pipeline only goes forward."""

from tests.plans import leasing, leaving, shop_plan
from translators.openflow.flow import Resubmit, Track
from translators.openflow.frames import synthetic_ports
from translators.openflow.tables import Table
from translators.openflow.translate import translate


def test_every_step_goes_to_a_later_table() -> None:
    plan = leasing(leaving(shop_plan()))
    made = translate(plan, "host1", synthetic_ports(plan, "host1"))
    steps = [(flow.table, flow.goto) for flow in made.flows if flow.goto is not None]
    for flow in made.flows:
        for act in flow.actions:
            if isinstance(act, Resubmit) or (isinstance(act, Track) and act.table is not None):
                steps.append((flow.table, act.table))
    assert len(steps) > 50
    assert all(after is not None and after > before for before, after in steps)


def test_every_table_ends_in_a_flow_for_everything_else() -> None:
    plan = leasing(leaving(shop_plan()))
    made = translate(plan, "host1", synthetic_ports(plan, "host1"))
    assert {flow.table for flow in made.flows if flow.priority == 0 and not flow.match} == set(
        Table
    )
