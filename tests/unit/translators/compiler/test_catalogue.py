from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import policy, segment, world
from translators.compiler.catalogue import catalogue
from translators.policy.documents import documents
from translators.policy.policy import Policy
from translators.policy.tenant import Tenant


def test_the_first_of_two_equal_keys_stays_whatever_the_order() -> None:
    both = documents_of([segment(), segment(number=20)])
    for given in (both, both[::-1]):
        known, (found,) = catalogue(documents(given))
        assert known.kinds["Segment"]["shop/front"] is both[0]
        assert (found.code, found.line) == ("FS1016", 2)


def test_keys_are_sorted() -> None:
    known, found = catalogue(documents(documents_of([segment("b"), segment("a", 20)])))
    assert found == ()
    assert list(known.kinds["Segment"]) == ["shop/a", "shop/b"]


def test_documents_of_a_kind_come_in_order() -> None:
    things = world(policy("b", {"action": "allow"}), policy("a", {"action": "allow"}))
    known, _ = catalogue(documents(documents_of(things)))
    assert [document.name for document, _ in known.of(Policy)] == ["a", "b"]
    assert [model.spec.default for _, model in known.of(Tenant)] == ["deny"]
    assert known.has("Workload", "shop/web")
    assert not known.has("Workload", "rival/web")
    found = known.get(Policy, "shop/a")
    assert found is not None
    assert found[0].name == "a"
    assert known.get(Tenant, "shop/a") is None


def test_what_changed_came_or_went_is_told_by_kind() -> None:
    three = [segment("a", 10), segment("b", 20), segment("c", 30)]
    before, _ = catalogue(documents(documents_of(three)))
    things = [segment("a", 10), segment("b", 21), segment("d", 40)]
    now, _ = catalogue(documents(documents_of(things)), before)
    assert now.touched("Segment", "Host") == {"shop/b", "shop/c", "shop/d"}
    assert now.renamed("Segment") == {"shop/c", "shop/d"}
    again, _ = catalogue(documents(documents_of(things)), now)
    assert (again.changed, again.named) == ({}, {})
    assert again.kinds["Segment"] is now.kinds["Segment"]
