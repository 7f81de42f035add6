import pytest

from xds_server.protocols.xds.subscription import Subscription

EMPTY = Subscription()


def test_an_empty_first_list_is_everything_for_some_types() -> None:
    assert EMPTY.stated((), legacy=True).wildcard
    assert EMPTY.stated((), legacy=False).empty
    assert EMPTY.stated((), legacy=True).covers("anything")


def test_an_empty_list_after_names_is_nothing() -> None:
    named = EMPTY.stated(("a",), legacy=True)
    assert named.covers("a")
    assert not named.covers("b")
    assert named.stated((), legacy=True).empty
    assert named.stated((), legacy=True).stated((), legacy=True).empty


def test_the_star_is_a_wildcard_not_a_name() -> None:
    both = EMPTY.stated(("*", "a"), legacy=False)
    assert both.wildcard
    assert both.names == {"a"}
    assert not both.stated(("a",), legacy=True).wildcard


def test_a_legacy_wildcard_outlives_named_additions_in_delta() -> None:
    named = EMPTY.stated((), legacy=True).changed(("a",), ())
    assert named.wildcard
    assert named.names == {"a"}
    assert named.changed((), ("*",)) == Subscription(frozenset({"a"}), False, True)


@pytest.mark.parametrize("name", ["a", "*"])
def test_subscribing_wins_over_unsubscribing_in_one_request(name: str) -> None:
    found = EMPTY.changed((name,), (name,))
    assert found.covers(name)
