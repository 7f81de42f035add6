"""What is compiled along the dependency graph equals what is compiled from nothing."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.edits import Things, documents, named, some_edits
from tests.properties.worlds import random_things
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import NOTHING, Compilation, compile_policy
from translators.diagnostics import has_errors
from translators.plan.canonical import to_yaml
from translators.plan.index import index_of

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)


def _checked(
    things: Things, held: Allocations, before: Compilation, advised: bool = True
) -> Compilation:
    read = documents(things)
    found = compile_policy(read, held, before)
    full = compile_policy(read, held)
    assert found.findings == full.findings
    if advised:  # else it is worked out anew for the next, if that is asked for its own
        assert found.diagnostics == full.diagnostics
        assert not has_errors(found.advice)  # devices do not wait for it
    assert found.allocations == full.allocations
    assert to_yaml(found.plan) == to_yaml(full.plan)
    assert found == full
    assert found.plan.index.by_service == full.plan.index.by_service
    assert found.plan.index.by_endpoint == full.plan.index.by_endpoint
    anew = index_of(found.plan.rules, found.plan.services)
    assert (found.plan.index.by_service, found.plan.index.offering) == (
        anew.by_service,
        anew.offering,
    )
    return found


@SLOW
@given(SEEDS)
def test_after_any_edits_the_result_is_that_of_compiling_from_nothing(seed: int) -> None:
    rng = Random(seed)
    things, edits = named(random_things(rng)), some_edits(rng)
    found = _checked(things, Allocations(), NOTHING)
    sound = things
    for _ in range(10):
        if not has_errors(found.diagnostics):
            sound = dict(things)
        elif rng.randrange(2):
            things = dict(sound)
        rng.choice(edits)(rng, things)
        found = _checked(things, found.allocations, found, advised=rng.random() < 0.8)


@SLOW
@given(SEEDS)
def test_numbers_given_elsewhere_win_over_those_of_before(seed: int) -> None:
    rng = Random(seed)
    things = named(random_things(rng))
    found = _checked(things, Allocations(), NOTHING)
    fewer = {name: one for name, one in things.items() if rng.randrange(4)}
    other = compile_policy(documents(fewer)).allocations
    _checked(things, other, found)
    _checked(fewer, Allocations(), found)
