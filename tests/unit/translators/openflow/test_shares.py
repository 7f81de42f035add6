"""Shared flows hold what all decisions add, whichever way these came there."""

from random import Random

from immutables import Map

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import DESTINATION
from translators.openflow.flow import Conjunction, Flow, Match, match
from translators.openflow.part import Part
from translators.openflow.shares import Acts, Finished, Place, Share, Shared, Shares

TABLE = 40


def _nothing() -> tuple[Map[Shared, Acts], Map[Shared, Part]]:
    return Map(), Map()


def _flows(found: Finished) -> set[Flow]:
    return {item for part in found[1].values() for item in part.items if isinstance(item, Flow)}


def _clause(*ends: int) -> tuple[Match, ...]:
    return tuple(match((DESTINATION, end)) for end in ends)


def _share(number: int, priority: int, *ends: int) -> Share:
    return priority, {Conjunction(number, 0, 2): _clause(*ends)}


def test_a_flow_names_the_rule_only_where_it_is_the_only_one() -> None:
    shares = Shares(TABLE, *_nothing())
    shares.exchange((0, (1, 0)), None, _share(1, 9, 5, 6))
    shares.exchange((0, (2, 0)), None, _share(2, 9, 6))
    one, two = Conjunction(1, 0, 2), Conjunction(2, 0, 2)
    assert _flows(shares.finish()) == {
        Flow(TABLE, 9, match((DESTINATION, 5)), cookie(Cause.CLAUSE, 1), (one,)),
        Flow(TABLE, 9, match((DESTINATION, 6)), cookie(Cause.CLAUSE, 0), (one, two)),
    }


def test_what_comes_and_goes_leads_to_what_is_made_from_nothing() -> None:
    """As many steps as not meet flows that several decisions had in common before."""
    for seed in range(60):
        rng = Random(seed)
        held: dict[Place, Share] = {}
        sharing, merged = _nothing()
        clauses = [rng.sample(range(6), rng.randint(1, 4)) for _ in range(3)]
        for _ in range(6):
            shares, before = Shares(TABLE, sharing, merged), set(merged.values())
            for number in rng.sample(range(8), 3):
                place, old = (0, (number, 0)), held.pop((0, (number, 0)), None)
                new = _share(number, rng.choice((9, 10)), *rng.choice(clauses))
                if old is None or rng.random() < 0.6:
                    held[place] = new
                shares.exchange(place, old, held.get(place))
            found = shares.finish()
            sharing, merged, come, gone = found
            assert before - set(gone) | set(come) == set(merged.values())
            anew = Shares(TABLE, *_nothing())
            for place, share in held.items():
                anew.exchange(place, None, share)
            fresh = anew.finish()
            assert _flows(found) == _flows(fresh)
            assert {k: dict(v) for k, v in sharing.items()} == {
                k: dict(v) for k, v in fresh[0].items()
            }
