from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import segment
from translators.compiler.catalogue import catalogue


def test_the_first_of_two_equal_keys_stays_whatever_the_order() -> None:
    documents = documents_of([segment(), segment(number=20)])
    for given in (documents, documents[::-1]):
        known, (found,) = catalogue(given)
        assert known.documents["segment/shop/front"] is documents[0]
        assert (found.code, found.line) == ("FS1016", 2)


def test_keys_are_sorted() -> None:
    known, found = catalogue(documents_of([segment("b"), segment("a", 20)]))
    assert found == ()
    assert list(known.documents) == ["segment/shop/a", "segment/shop/b"]
