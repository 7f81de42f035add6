from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import compiled, workload, world
from translators.compiler.pipeline import compile_policy


def test_members_are_found_by_tenant_and_by_all_of_their_labels() -> None:
    roster = compiled().draft.roster
    assert sorted(roster.of("shop")) == ["shop/api-1", "shop/api-2", "shop/web"]
    assert not roster.of("rival")
    assert roster.labelled("shop", {"app": "api", "version": "v2"}) == {"shop/api-2"}
    assert roster.labelled("shop", {}) == set(roster.of("shop"))
    assert roster.labelled("rival", {"app": "api"}) == set()


def test_who_comes_goes_or_is_relabelled_is_found_as_by_a_roster_of_its_own() -> None:
    things = world()
    before = compile_policy(documents_of(things))
    changed = [*things[:3], workload("web", 12, "api"), workload("about", 40, "web"), *things[5:]]
    found = compile_policy(documents_of(changed), before.allocations, before).draft.roster
    assert found == compile_policy(documents_of(changed), before.allocations).draft.roster
    assert "shop/web" in found.labelled("shop", {"app": "api"})
    assert found.labelled("shop", {"app": "web"}) == {"shop/about"}
