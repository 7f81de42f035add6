from random import Random

import pytest

from xds_server.snapshots.bridge import (
    BridgeProgram,
    Delta,
    FlowEntry,
    FlowKey,
    GroupEntry,
    MeterEntry,
    difference,
    program_of,
)


def _random(rng: Random) -> BridgeProgram:
    flows = [FlowEntry(FlowKey(0, n, b"m"), rng.randrange(2), b"i") for n in range(8)]
    groups = [GroupEntry(n, 1, bytes([rng.randrange(2)]), b"") for n in range(3)]
    meters = [MeterEntry(n, 1, bytes([rng.randrange(2)])) for n in range(2)]
    return program_of(
        rng.sample(flows, rng.randint(0, 8)),
        rng.sample(groups, rng.randint(0, 3)),
        rng.sample(meters, rng.randint(0, 2)),
    )


def _without_memory(program: BridgeProgram) -> BridgeProgram:
    return program_of(program.flows.values(), program.groups.values(), program.meters.values())


@pytest.mark.parametrize("seed", range(50))
def test_what_is_remembered_of_a_difference_is_what_a_walk_finds(seed: int) -> None:
    rng = Random(seed)
    old = _random(rng)
    made = [old]
    for _ in range(12):
        origin = rng.choice(made)  # programs may have a common origin, and go different ways
        delta = difference(_without_memory(origin), _random(rng))
        made.append(origin.changed(delta))
    for one in made:
        assert one == _without_memory(one)
        assert one.version == _without_memory(one).version
        for other in made:
            walked = difference(_without_memory(one), _without_memory(other))
            assert difference(one, other) == walked
            assert difference(other, one) == walked.back


def test_nothing_is_no_change() -> None:
    program = program_of([], [])
    assert program.changed(Delta()) is program
    assert not difference(program, program_of([], []))


def test_a_flow_and_a_group_with_the_same_bytes_are_not_the_same() -> None:
    flow = FlowEntry(FlowKey(1, 1, b""), 1, b"")
    group = GroupEntry(1, 1, b"", b"")
    assert len({program_of([flow], []).total, program_of([], [group]).total}) == 2


def test_the_bytes_of_a_match_are_not_taken_for_those_of_the_instructions() -> None:
    one = FlowEntry(FlowKey(1, 1, b"ab"), 1, b"c")
    two = FlowEntry(FlowKey(1, 1, b"a"), 1, b"bc")
    assert program_of([one], []).version != program_of([two], []).version
