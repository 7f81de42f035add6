from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import policy
from translators.compiler.findings import finding, origin_of


def test_findings_carry_path_and_place() -> None:
    (document,) = documents_of([policy("a", {"action": "allow"})])
    found = finding("FS4001", document, ("spec", "rules", 0, "match"), "why")
    assert (found.file, found.line, found.path) == ("random.yaml", 1, "spec.rules[0].match")
    assert str(origin_of(document, "spec")) == "random.yaml:1"
