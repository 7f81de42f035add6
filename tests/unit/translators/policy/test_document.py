from dataclasses import replace

from tests.unit.translators.policy.specimens import text
from translators.policy.document import Origin, line_of, spelled
from translators.policy.load import load


def test_keys_and_references() -> None:
    (tenant,) = load(text("Tenant"), "f").documents
    (policy,) = load(text("Policy"), "f").documents
    assert (tenant.key, tenant.reference) == ("tenant/x", "x")
    assert (policy.key, policy.reference) == ("policy/shop/x", "shop/x")


def test_documents_are_values() -> None:
    (document,) = load(text("Policy"), "f").documents
    (again,) = load(text("Policy"), "f").documents
    assert document == again
    assert hash(document) == hash(again)
    assert replace(document, origin=Origin("g", 1)) != document


def test_a_line_is_that_of_the_nearest_field() -> None:
    lines = {("spec",): 3, ("spec", "to"): 5, ("spec", "to", 0): 6}
    assert line_of(lines, ("spec", "to", 0, "service"), 1) == 6
    assert line_of(lines, ("spec", "from", 0), 1) == 3
    assert line_of(lines, ("metadata",), 1) == 1


def test_paths_are_spelled_as_authors_read_them() -> None:
    assert spelled(("spec", "rules", 0, "match")) == "spec.rules[0].match"
    assert spelled(()) == ""
