"""A bridge beside its program: every difference is named once, and nothing else is."""

from hypothesis import given

from tests.devices.ovs_bridge import DROP, UDP_REVERSED, apply, flow, group, output, to_group
from tests.unit.xds_server.protocols.openflow.test_reconcile import PROGRAMS
from xds_server.protocols.openflow.drift import Contents, Deviation, Kind, drift
from xds_server.protocols.openflow.inventory import Owner
from xds_server.snapshots.model import BridgeProgram, FlowEntry, FlowKey, MeterEntry, program_of

OWNER = Owner(spared=frozenset({200}))
WANTED = program_of([flow(1), flow(2, apply(to_group(7)), cookie=5)], [group(7, 1)])


def _contents(program: BridgeProgram, *more: FlowEntry) -> Contents:
    return Contents({**program.flows, **{f.key: f for f in more}}, program.groups)


def _foreign(table: int, instructions: bytes = DROP, port: int = 9) -> FlowEntry:
    return FlowEntry(flow(port, table=table).key, 0x77, instructions)


def test_a_bridge_that_holds_its_program_has_no_drift() -> None:
    assert drift(_contents(WANTED), WANTED, OWNER) == ()
    respelt = FlowEntry(FlowKey(0, 100, UDP_REVERSED), flow(53).cookie, DROP)
    assert drift(Contents({respelt.key: respelt}), program_of([flow(53)], []), OWNER) == ()


def test_missing_changed_and_left_over_are_told_apart() -> None:
    changed, stale = flow(2, apply(output(3)), cookie=5), flow(4)
    found = Contents({changed.key: changed, stale.key: stale}, {7: group(7, 2)})
    assert drift(found, WANTED, OWNER) == (
        Deviation(Kind.MISSING, flow(1)),
        Deviation(Kind.CHANGED, flow(2, apply(to_group(7)), cookie=5)),
        Deviation(Kind.CHANGED, group(7, 1)),
        Deviation(Kind.LEFT, stale),
    )


def test_flows_of_others_are_foreign_but_in_spared_tables() -> None:
    found = _contents(WANTED, _foreign(0), _foreign(200))
    assert drift(found, WANTED, OWNER) == (Deviation(Kind.FOREIGN, _foreign(0)),)


def test_a_flow_of_ours_that_another_replaced_is_changed_and_not_foreign() -> None:
    taken = FlowEntry(flow(1).key, 0x77, apply(output(1)))
    assert drift(_contents(WANTED, taken), WANTED, OWNER) == (Deviation(Kind.CHANGED, flow(1)),)


def test_groups_that_spared_flows_point_to_are_none_of_our_business() -> None:
    spared = _foreign(200, apply(to_group(8)))
    found = Contents({**WANTED.flows, spared.key: spared}, {n: group(n, 1) for n in (7, 8, 9)})
    assert drift(found, WANTED, OWNER) == (Deviation(Kind.FOREIGN, group(9, 1)),)


@given(PROGRAMS, PROGRAMS)
def test_there_is_drift_exactly_where_the_two_differ(
    held: BridgeProgram, to: BridgeProgram
) -> None:
    differs = held.flows != to.flows or held.groups != to.groups
    assert bool(drift(_contents(held), to, OWNER)) is differs


def test_meters_of_ours_are_compared_and_those_of_others_are_not_told() -> None:
    wanted = program_of([], [], [MeterEntry(1, 13, b"a"), MeterEntry(2, 13, b"b")])
    found = Contents({}, {}, {2: MeterEntry(2, 13, b"x"), 9: MeterEntry(9, 1, b"")})
    assert [(d.kind, d.subject) for d in drift(found, wanted, Owner())] == [
        (Kind.MISSING, MeterEntry(1, 13, b"a")),
        (Kind.CHANGED, MeterEntry(2, 13, b"b")),
    ]
