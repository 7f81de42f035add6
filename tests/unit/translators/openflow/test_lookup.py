"""A table that is laid out applies the same flow as one that is walked through."""

from hypothesis import given
from hypothesis import strategies as st

from translators.openflow.conjunction import decide
from translators.openflow.decision import Decision
from translators.openflow.fields import DESTINATION, PORT, SOURCE
from translators.openflow.flow import Flow, Match, Program, match, program
from translators.openflow.lookup import Lookup, flows_of
from translators.openflow.simulate import find

FIELDS = (SOURCE, DESTINATION, PORT)
SETS = st.sets(st.integers(0, 7), min_size=1, max_size=5).map(lambda one: tuple(sorted(one)))


@st.composite
def _programs(draw: st.DrawFn) -> Program:
    """Draw decisions, which become conjunctions, among plain flows with and without masks."""
    decisions = [
        Decision(n, n, draw(SETS), ((_any(DESTINATION, draw(SETS)), _any(PORT, draw(SETS))),))
        for n in range(1, draw(st.integers(0, 5)) + 1)
    ]
    plain = {}
    for n in range(draw(st.integers(0, 6))):
        tests = [
            (one, value & mask, mask)
            for one in draw(st.sets(st.sampled_from(FIELDS)))
            for value, mask in [draw(st.tuples(st.integers(0, 7), st.sampled_from([1, 6, 7])))]
        ]
        flow = Flow(20, draw(st.sampled_from([1, 11, 12])), match(*tests), 100 + n)
        plain[flow.key] = flow
    return program(decide(20, (10, decisions)).items, plain.values())


def _any(tested: object, values: tuple[int, ...]) -> tuple[Match, ...]:
    return tuple(match((tested, value)) for value in values)  # type: ignore[arg-type]


@given(made=_programs(), packets=st.lists(st.tuples(*[st.integers(0, 7)] * 3), min_size=1))
def test_a_laid_out_table_is_the_table(made: Program, packets: list[tuple[int, ...]]) -> None:
    known = Lookup(made)
    for values in packets:
        frame = dict(zip(FIELDS, values, strict=True))
        assert known.find(20, frame) is find(made, 20, frame)


def test_a_field_that_a_packet_has_not_is_zero() -> None:
    made = program([Flow(7, 2, match((SOURCE, 0)), 1), Flow(8, 1, (), 2)])
    known = Lookup(made)
    assert known.find(7, {}) is made.flows[0]
    assert known.find(7, {SOURCE: 1}) is None
    assert known.find(9, {}) is None
    assert flows_of(made, 8) == made.flows[1:]
