import pytest
from hypothesis import given
from hypothesis import strategies as some

from xds_server.snapshots.names import canonical, canonical_all, collection, globs_of, is_glob

TYPE = "xdstp://a.example/envoy.config.listener.v3.Listener"


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("shop", "shop"),
        ("shop?b=1&a=2", "shop?b=1&a=2"),
        (f"{TYPE}/x", f"{TYPE}/x"),
        (f"{TYPE}/x?b=1&a=2", f"{TYPE}/x?a=2&b=1"),
        (f"{TYPE}/x?", f"{TYPE}/x"),
        (f"{TYPE}/*?b=1&a=2#entry=z", f"{TYPE}/*?a=2&b=1#entry=z"),
    ],
)
def test_parameters_are_sorted(name: str, same: str) -> None:
    assert canonical(name) == same


@pytest.mark.parametrize(
    ("name", "glob"),
    [
        ("shop/x", ""),
        (f"{TYPE}/x", f"{TYPE}/*"),
        (f"{TYPE}/dir/x", f"{TYPE}/dir/*"),
        (f"{TYPE}/x?a=1", f"{TYPE}/*?a=1"),
        ("xdstp:///envoy.config.listener.v3.Listener/x", None),
        (TYPE, ""),
        ("xdstp://a.example", ""),
    ],
)
def test_a_name_belongs_to_the_collection_above_it(name: str, glob: str | None) -> None:
    wanted = "xdstp:///envoy.config.listener.v3.Listener/*" if glob is None else glob
    assert collection(name) == wanted
    assert not is_glob(name)
    assert not wanted or is_glob(wanted)


@given(some.permutations(["a=1", "b=2", "c=3"]), some.permutations(["a=1", "b=2", "c=3"]))
def test_the_order_of_parameters_means_nothing(one: list[str], other: list[str]) -> None:
    names = [canonical(f"{TYPE}/dir/x?{'&'.join(order)}") for order in (one, other)]
    assert names[0] == names[1] == canonical(names[0])
    assert collection(names[0]) == canonical(f"{TYPE}/dir/*?{'&'.join(one)}")


def test_many_names_at_once() -> None:
    names = ["shop", f"{TYPE}/x?b=1&a=2", f"{TYPE}/*?b=1&a=2"]
    assert canonical_all(names) == {"shop", f"{TYPE}/x?a=2&b=1", f"{TYPE}/*?a=2&b=1"}
    assert globs_of(names) == {f"{TYPE}/*?b=1&a=2"}
    assert (canonical_all(["shop"]), globs_of(["shop/*"])) == ({"shop"}, frozenset())
