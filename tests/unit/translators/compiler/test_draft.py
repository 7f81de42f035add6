from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import policy, world
from translators.compiler.catalogue import catalogue
from translators.compiler.draft import finding, origin_of
from translators.policy.policy import Policy
from translators.policy.tenant import Tenant


def test_the_catalogue_gives_documents_of_a_kind_in_order() -> None:
    things = world(policy("b", {"action": "allow"}), policy("a", {"action": "allow"}))
    known, _ = catalogue(documents_of(things))
    assert [document.name for document, _ in known.of(Policy)] == ["a", "b"]
    assert [model.spec.default for _, model in known.of(Tenant)] == ["deny"]
    assert known.has("Workload", "shop/web")
    assert not known.has("Workload", "rival/web")


def test_findings_carry_path_and_place() -> None:
    (document,) = documents_of([policy("a", {"action": "allow"})])
    found = finding("FS4001", document, ("spec", "rules", 0, "match"), "why")
    assert (found.file, found.line, found.path) == ("random.yaml", 1, "spec.rules[0].match")
    assert str(origin_of(document, "spec")) == "random.yaml:1"
