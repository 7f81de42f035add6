from dataclasses import replace

from tests.unit.translators.policy.specimens import text
from translators.policy.document import Document, Origin
from translators.policy.documents import Documents, documents
from translators.policy.load import load


def _named(name: str, line: int = 1) -> Document:
    (found,) = load(text("Tenant"), "f").documents
    return replace(found, name=name, origin=Origin("f", line))


A, B, C = _named("a"), _named("b"), _named("c")


def test_documents_come_by_key_and_the_first_of_one_key_stands() -> None:
    later = _named("a", 9)
    found = documents([B, later, A])
    assert sorted(found.by_key) == ["tenant/a", "tenant/b"]
    assert found.by_key["tenant/a"] is A
    assert found.repeated == ((later, A),)
    assert list(found) == [A, later, B]


def test_what_is_put_in_replaces_what_has_its_key() -> None:
    before = documents([A, C])
    moved = _named("a", 9)
    after = before.edited([B, moved], ["tenant/c", "tenant/nobody"])
    assert dict(after.by_key) == {"tenant/a": moved, "tenant/b": B}
    assert set(after.since(before)) == {"tenant/a", "tenant/b", "tenant/c"}
    assert after == documents([B, moved])


def test_what_differs_is_known_from_the_edit_and_else_found() -> None:
    before = documents([A, B])
    after = before.edited([C])
    assert set(after.since(before)) == {"tenant/c"}
    assert set(after.edited([_named("b", 3)]).since(before)) == {"tenant/b", "tenant/c"}
    assert after.since(after) == ()
    assert set(before.since(Documents())) == {"tenant/a", "tenant/b"}


def test_pruning_keeps_what_is_given() -> None:
    assert documents([A, B]).edited([A], documents([A, B]).by_key) == documents([A])
