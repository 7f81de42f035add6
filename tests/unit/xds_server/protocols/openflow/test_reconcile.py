"""The steps lead from any holding to any program, in a safe order, and are as few as possible."""

from hypothesis import given
from hypothesis import strategies as st

from tests.devices.ovs_bridge import DROP, UDP_REVERSED, apply, flow, group, output, to_group
from xds_server.protocols.openflow.reconcile import Action, Held, Step, describe, reconcile
from xds_server.snapshots.model import BridgeProgram, FlowEntry, GroupEntry, MeterEntry, program_of

FLOWS = st.builds(
    flow,
    st.integers(1, 4),
    st.sampled_from([DROP, apply(output(1)), apply(to_group(7)), apply(to_group(8))]),
    st.integers(1, 2),
    st.integers(0, 1),
)
GROUPS = st.builds(group, st.integers(7, 8), st.integers(1, 2))
PROGRAMS = st.builds(program_of, st.lists(FLOWS, max_size=8), st.lists(GROUPS, max_size=3))


def _held(program: BridgeProgram) -> Held:
    return Held(dict(program.flows), dict(program.groups))


def perform(held: Held, steps: tuple[Step, ...]) -> Held:
    """Return what a bridge holds after the steps."""
    flows, groups = dict(held.flows), dict(held.groups)
    for step in steps:
        subject = step.subject
        if isinstance(subject, FlowEntry) and step.action is Action.ADD_FLOW:
            flows[subject.key] = subject
        elif isinstance(subject, FlowEntry):
            assert flows.pop(subject.key).cookie == subject.cookie
        elif step.action is Action.DELETE_GROUP:
            groups.pop(subject.number)
        else:
            assert (subject.number in groups) == (step.action is Action.MODIFY_GROUP)
            groups[subject.number] = subject
    return Held(flows, groups)


@given(before=PROGRAMS, after=PROGRAMS)
def test_the_steps_lead_to_the_program(before: BridgeProgram, after: BridgeProgram) -> None:
    steps = reconcile(_held(before), after, known_groups=before.groups)
    assert perform(_held(before), steps) == _held(after)


@given(before=PROGRAMS, after=PROGRAMS)
def test_no_step_touches_what_stays(before: BridgeProgram, after: BridgeProgram) -> None:
    kept = set(before.flows.values()) & set(after.flows.values())
    steps = reconcile(_held(before), after)
    assert not kept & {step.subject for step in steps if isinstance(step.subject, FlowEntry)}
    assert len({step.subject for step in steps}) == len(steps)


@given(before=PROGRAMS, after=PROGRAMS)
def test_groups_frame_the_flows(before: BridgeProgram, after: BridgeProgram) -> None:
    order = [list(Action).index(step.action) for step in reconcile(_held(before), after)]
    assert order == sorted(order)


@given(program=PROGRAMS)
def test_equal_sides_need_nothing(program: BridgeProgram) -> None:
    assert reconcile(_held(program), program) == ()


def test_a_new_cookie_alone_writes_the_flow_again() -> None:
    old, new = flow(1, DROP, cookie=1), flow(1, DROP, cookie=2)
    steps = reconcile(Held({old.key: old}), program_of([new], []))
    assert steps == (Step(Action.ADD_FLOW, new),)


def test_a_flow_that_is_only_spelt_differently_is_not_deleted_after_it_was_written() -> None:
    old = flow(53, apply(output(1)))
    respelt = old._replace(key=old.key._replace(match=UDP_REVERSED))
    assert reconcile(Held({old.key: old}), program_of([respelt], [])) == ()
    changed = respelt._replace(instructions=DROP)
    steps = reconcile(Held({old.key: old}), program_of([changed], []))
    assert steps == (Step(Action.ADD_FLOW, changed),)


def test_only_our_groups_are_deleted() -> None:
    ours = flow(1, apply(to_group(7)))
    held = Held({ours.key: ours}, {7: group(7, 1), 8: group(8, 1), 9: group(9, 1)})
    steps = reconcile(held, program_of([], []), known_groups=[9])
    deleted = [step.subject for step in steps if step.action is Action.DELETE_GROUP]
    assert deleted == [group(7, 1), group(9, 1)]


def test_objects_are_named_so_that_they_can_be_found() -> None:
    text = describe(flow(53, cookie=9, table=4))
    assert text.startswith("flow cookie=0xf5d0000000000009 table=4 priority=100 match=8000")
    assert describe(group(7, 1)) == str(Step(Action.ADD_GROUP, group(7, 1))) == "group 7"
    assert isinstance(group(7, 1), GroupEntry)


def test_meters_are_made_changed_and_removed_around_the_flows_that_use_them() -> None:
    old, changed, foreign = MeterEntry(1, 13, b"a"), MeterEntry(2, 13, b"b"), MeterEntry(3, 1, b"c")
    user = flow(1, apply(bytes([0, 0x1D, 0, 8, 0, 0, 0, 1])))
    held = Held({user.key: user}, {}, {1: old, 2: changed._replace(bands=b"x"), 3: foreign})
    wanted = program_of([flow(1)], [], [changed, MeterEntry(4, 13, b"d")])
    steps = reconcile(held, wanted)
    assert [(s.action, describe(s.subject)) for s in steps if s.subject != flow(1)] == [
        (Action.ADD_METER, "meter 4"),
        (Action.MODIFY_METER, "meter 2"),
        (Action.DELETE_METER, "meter 1"),  # a flow of ours uses it; nobody of ours uses 3
    ]
    assert steps[2].action is Action.ADD_FLOW
    settled = Held(wanted.flows, {}, {**wanted.meters, 3: foreign})
    assert reconcile(settled, wanted, (), wanted.meters) == ()
