from translators.envoy.exchange import Exchange
from translators.envoy.resources import EncodedResource, Resources, by_type


def made(url: str, name: str, body: bytes = b"") -> EncodedResource:
    return EncodedResource(url, name, body, "a.yaml:1")


def exchanged(
    held: Resources, old: tuple[EncodedResource, ...], new: tuple[EncodedResource, ...]
) -> Resources:
    return Exchange().exchanged(held, old, new)


def test_what_comes_stands_in_the_place_of_what_goes() -> None:
    one, two, three = made("a", "1"), made("a", "2"), made("b", "3")
    newer = made("a", "1", b"new")
    held = by_type([one, two, three])
    found = exchanged(held, (one, two), (newer, two))
    assert found == by_type([newer, two, three])
    assert found["b"] is held["b"]


def test_names_and_types_stay_in_order() -> None:
    held = by_type([made("b", "2")])
    found = exchanged(held, (), (made("b", "1"), made("a", "3")))
    assert [(url, list(named)) for url, named in found.items()] == [("a", ["3"]), ("b", ["1", "2"])]


def test_a_type_that_is_empty_is_gone() -> None:
    one, two = made("a", "1"), made("b", "2")
    assert exchanged(by_type([one, two]), (one,), ()) == by_type([two])


def test_the_same_objects_are_no_change() -> None:
    one = made("a", "1")
    held = by_type([one])
    assert exchanged(held, (one,), (one,)) is held


def test_hosts_that_had_the_same_share_what_they_get() -> None:
    one, newer, own = made("a", "1"), made("a", "1", b"new"), made("b", "2")
    shared = by_type([one])["a"]
    old, new = (one,), (newer,)
    exchange = Exchange()
    first = exchange.exchanged({"a": shared}, old, new)
    second = exchange.exchanged({"a": shared, **by_type([own])}, old, new)
    assert first["a"] is second["a"]


def test_hosts_that_come_to_the_same_share_it_too() -> None:
    one, other, common = made("a", "1"), made("a", "2"), made("a", "3")
    exchange = Exchange()
    first = exchange.exchanged(by_type([one]), (one,), (common,))
    second = exchange.exchanged(by_type([other]), (other,), (common,))
    assert first["a"] is second["a"]
