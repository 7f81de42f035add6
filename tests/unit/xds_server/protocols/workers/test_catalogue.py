from tests.conversations.xds.responses import endpoints, listener
from xds_server.protocols.workers.catalogue import Catalogue
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

A, B = listener("a"), endpoints("b")


def kinds(catalogue: Catalogue, node: str, held: set[int]) -> list[str]:
    [*_, number] = catalogue.history(node)
    return [piece.kind.__name__ for piece in catalogue.lacking(number, held)]


def test_equal_content_is_one_whoever_made_it() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", snapshot_of([A, B]))
    size = len(catalogue)
    catalogue.publish(
        "web-2", snapshot_of([Resource(A.type_url, "a", bytes(bytearray(A.body))), B])
    )
    assert len(catalogue) == size
    assert catalogue.history("web-1") == catalogue.history("web-2")


def test_one_changed_resource_is_four_pieces() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", snapshot_of([A, B]))
    held: set[int] = set()
    body_and_resource = ["bytes", "Resource"]
    first = [*body_and_resource, "dict", *body_and_resource, "dict", "Snapshot"]
    assert kinds(catalogue, "web-1", held) == first
    catalogue.publish("web-1", snapshot_of([A, endpoints("b", 2)]))
    assert kinds(catalogue, "web-1", held) == [*body_and_resource, "dict", "Snapshot"]
    assert kinds(catalogue, "web-1", held) == []


def test_the_same_bytes_for_another_reason_are_not_sent_again() -> None:
    catalogue = Catalogue()
    held: set[int] = set()
    catalogue.publish("web-1", snapshot_of([Resource("t", "a", b"body", origin="f.yaml:1")]))
    kinds(catalogue, "web-1", held)
    catalogue.publish("web-1", snapshot_of([Resource("t", "a", b"body", origin="f.yaml:2")]))
    assert kinds(catalogue, "web-1", held) == ["Resource", "dict", "Snapshot"]


def test_versions_that_were_given_are_kept_apart() -> None:
    catalogue = Catalogue()
    one, two = Snapshot({"t": {"a": A}}), Snapshot({"t": {"a": A}}, {"t": "given"})
    catalogue.publish("web-1", one)
    catalogue.publish("web-2", two)
    assert catalogue.history("web-1") != catalogue.history("web-2")


def test_a_snapshot_that_speaks_of_some_types_alone_is_another_one() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", Snapshot({"t": {"a": A}}))
    catalogue.publish("web-2", Snapshot({"t": {"a": A}}, only=frozenset({"t"})))
    assert catalogue.history("web-1") != catalogue.history("web-2")


def test_the_last_two_before_are_remembered_and_then_let_go() -> None:
    catalogue = Catalogue()
    numbers = []
    for variant in (1, 2, 3):
        assert catalogue.publish("web-1", snapshot_of([endpoints("b", variant)])) == []
        numbers.append(catalogue.history("web-1")[-1])
    assert catalogue.history("web-1") == tuple(numbers)
    gone = catalogue.publish("web-1", snapshot_of([endpoints("b", 4)]))
    assert numbers[0] in gone
    assert len(gone) == 4
    assert catalogue.history("web-1")[:2] == tuple(numbers[1:])


def test_a_snapshot_that_comes_back_is_the_current_one() -> None:
    catalogue = Catalogue()
    for variant in (1, 2, 1):
        catalogue.publish("web-1", snapshot_of([endpoints("b", variant)]))
    assert len(catalogue.history("web-1")) == 2
    one, two = catalogue.history("web-1")
    assert two < one


def test_what_nobody_has_is_forgotten() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", snapshot_of([A, B]))
    catalogue.publish("web-2", snapshot_of([A]))
    assert len(catalogue.withdraw("web-1")) == 4  # what is web-2's stays
    assert catalogue.nodes() == ("web-2",)
    catalogue.withdraw("web-2")
    assert len(catalogue) == 0
    assert catalogue.withdraw("web-2") == []


def test_a_node_may_have_nothing_at_all() -> None:
    catalogue = Catalogue()
    catalogue.publish("web-1", snapshot_of([]))
    assert kinds(catalogue, "web-1", set()) == ["Snapshot"]
