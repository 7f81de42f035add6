"""Looking decisions up by value leaves out none that may meet, and most that cannot."""

from random import Random

from translators.openflow.decision import Key
from translators.openflow.fields import DESTINATION, ETH_TYPE, PORT, Field
from translators.openflow.levels import meet
from translators.openflow.rivals import Reach, Rivals


def _reach(rng: Random) -> tuple[Reach, ...]:
    def alternative() -> Reach:
        found: dict[Field, frozenset[int]] = {ETH_TYPE: frozenset({0x800})}
        for field, most in ((PORT, 90), (DESTINATION, 3)):
            if rng.random() < 0.8:
                first = rng.randrange(12)
                found[field] = frozenset(range(first, first + rng.randint(1, most)))
        return found

    return tuple(alternative() for _ in range(rng.randint(1, 2)))


def test_all_that_may_meet_are_found() -> None:
    for seed in range(200):
        rng = Random(seed)
        reaches: dict[Key, tuple[Reach, ...]] = {(n, 0): _reach(rng) for n in range(12)}
        rivals = Rivals(reaches, reaches)
        for reach in (*reaches.values(), _reach(rng)):
            meeting = {key for key, other in reaches.items() if meet(reach, other)}
            assert meeting <= rivals.of(reach)


def test_decisions_at_other_ports_or_destinations_are_left_out() -> None:
    def reach(port: int, end: int) -> tuple[Reach, ...]:
        return ({PORT: frozenset({port}), DESTINATION: frozenset({end})},)

    every: tuple[Reach, ...] = ({},)
    reaches: dict[Key, tuple[Reach, ...]] = {
        (1, 0): reach(80, 1),
        (2, 0): reach(80, 2),
        (3, 0): reach(443, 1),
        (4, 0): every,
        (5, 0): ({PORT: frozenset(range(1024))},),
    }
    rivals = Rivals(reaches, reaches)
    assert rivals.of(reach(80, 1)) == {(1, 0), (4, 0), (5, 0)}
    assert rivals.of(({PORT: frozenset({443})},)) == {(3, 0), (4, 0), (5, 0)}
    assert rivals.of(every) == reaches.keys()
