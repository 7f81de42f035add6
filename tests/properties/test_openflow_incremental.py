"""A bridge that is carried on from plan to plan holds what a translation from nothing makes."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.edits import journey
from tests.properties.strategies import random_plan
from tests.properties.wide_plans import changed as changed_plan
from tests.properties.wide_plans import wide_plan
from translators.openflow.encode import encode
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate
from translators.plan.model import Plan
from xds_server.controller.bridges import Newsroom, Ports, Translation, translation
from xds_server.protocols.openflow.reconcile import Held, changed, reconcile
from xds_server.snapshots.bridge import Delta, difference
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    GroupEntry,
    MeterEntry,
    program_of,
)

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)


def _from_nothing(plan: Plan, host: str, ports: Ports) -> BridgeProgram:
    """Return a host's program by way of flows as values, which shares no state with any other."""
    made = encode(translate(plan, host, ports))
    return program_of(
        (
            FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
            for f in made.flows
        ),
        (GroupEntry(*group) for group in made.groups),
        (MeterEntry(*meter) for meter in made.meters),
    )


def _applied(program: BridgeProgram, delta: Delta) -> BridgeProgram:
    flows, groups = dict(program.flows), dict(program.groups)
    for key, (flow_was, flow) in delta.flows.items():
        assert flows.pop(key, None) == flow_was
        flows.update({} if flow is None else {key: flow})
    for number, (group_was, group) in delta.groups.items():
        assert groups.pop(number, None) == group_was
        groups.update({} if group is None else {number: group})
    meters = dict(program.meters)
    for number, (meter_was, meter) in delta.meters.items():
        assert meters.pop(number, None) == meter_was
        meters.update({} if meter is None else {number: meter})
    return program_of(flows.values(), groups.values(), meters.values())


def _check(found: Translation, before: Translation | None, plan: Plan, host: str) -> None:
    full = _from_nothing(plan, host, found.bridge.site.ports)
    assert found.program.flows == full.flows
    assert found.program.groups == full.groups
    assert found.program.meters == full.meters
    assert (found.program.total, found.program.version) == (full.total, full.version)
    if before is None:
        return
    old = before.program
    assert _applied(old, difference(old, found.program)) == full
    assert _applied(full, difference(found.program, old)) == old
    steps = reconcile(
        Held(old.flows, old.groups, old.meters), found.program, old.groups, old.meters
    )
    assert changed(old, found.program) == steps


class _Bridges:
    """The translations of every host, carried on; now and then a host misses a plan."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._held: dict[str, Translation] = {}
        self._ports: dict[str, Ports] = {}

    def go_to(self, plan: Plan) -> None:
        newsroom = Newsroom(plan)
        for host in [name for name in self._held if name not in plan.host]:
            del self._held[host]
        for host in plan.host:
            if self._rng.randrange(6) == 0:
                continue  # it takes over from an older plan the next time
            before = self._held.get(host)
            found = translation(plan, host, self._of(plan, host), before, newsroom)
            _check(found, before, plan, host)
            self._held[host] = found

    def _of(self, plan: Plan, host: str) -> Ports:
        """Return a host's ports: mostly those of before, so that there is something to keep."""
        wanted = synthetic_ports(plan, host)
        known = {name: n for name, n in self._ports.get(host, {}).items() if name in wanted}
        if self._rng.randrange(8) == 0:
            known = {name: number for name, number in known.items() if self._rng.randrange(4)}
        free = (n for n in range(1, 1000) if n not in known.values())
        more = {name: next(free) for name in wanted if name not in known}
        self._ports[host] = {**known, **more}
        return self._ports[host]


@SLOW
@given(SEEDS)
def test_after_any_edits_of_documents_bridges_hold_what_the_documents_lead_to(seed: int) -> None:
    rng = Random(seed)
    bridges = _Bridges(rng)
    for plan in journey(rng, 10):
        bridges.go_to(plan)


@SLOW
@given(SEEDS)
def test_after_any_change_of_wide_rules_bridges_hold_what_the_plan_leads_to(seed: int) -> None:
    rng = Random(seed)
    plan = wide_plan(rng)
    bridges = _Bridges(rng)
    for _ in range(12):
        bridges.go_to(plan)
        plan = changed_plan(rng, plan)


@SLOW
@given(SEEDS)
def test_from_any_plan_to_any_other(seed: int) -> None:
    rng = Random(seed)
    plans = [random_plan(Random(f"{seed}/{number}")) for number in range(3)]
    bridges = _Bridges(rng)
    for _ in range(6):
        bridges.go_to(rng.choice(plans))
