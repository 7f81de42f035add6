from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import workload, world
from translators.compiler.pipeline import NOTHING, Compilation, compile_policy


def _compiled(before: Compilation, *more: Thing) -> Compilation:
    found = compile_policy(documents_of(world(*more)), before.allocations, before)
    anew = compile_policy(documents_of(world(*more)), before.allocations)
    assert found.draft.addresses == anew.draft.addresses
    every = {a: e for e in found.plan.endpoints for a in e.addresses}
    assert dict(found.plan.by_address.items()) == every
    return found


def test_who_comes_moves_and_goes_has_what_a_plan_from_nothing_says() -> None:
    found = _compiled(NOTHING)
    for more in ((workload("x", 50, "x"),), (workload("x", 51, "x"),), ()):
        found = _compiled(found, *more)
    two = _compiled(found, workload("x", 50, "x"), workload("y", 51, "y"))
    changed_places = workload("x", 51, "x"), workload("y", 50, "y")
    assert not _compiled(two, *changed_places).draft.addresses.shared


def test_an_address_that_two_have_is_given_back_to_the_other() -> None:
    both = _compiled(_compiled(NOTHING), workload("x", 50, "x"), workload("y", 50, "y"))
    assert both.draft.addresses.shared
    one = _compiled(both, workload("x", 50, "x"))
    assert not one.draft.addresses.shared
