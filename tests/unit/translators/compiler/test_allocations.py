from ipaddress import ip_address, ip_network

import pytest

from translators.compiler.allocations import Allocations, address, number, stable_hash


def test_numbers_are_distinct_and_in_range() -> None:
    given = number([f"n{i}" for i in range(200)], {}, 200)
    assert sorted(given.values()) == list(range(1, 201))


def test_stored_numbers_win_over_hashes() -> None:
    fresh = number(["a", "b", "c"], {}, 10)
    assert number(["a", "b", "c"], {"b": fresh["a"]}, 10)["b"] == fresh["a"]


def test_a_new_name_renumbers_nobody() -> None:
    held = number([f"n{i}" for i in range(50)], {}, 64)
    grown = number([f"n{i}" for i in range(60)], held, 64)
    assert {name: grown[name] for name in held} == held


def test_useless_stored_numbers_are_replaced() -> None:
    given = number(["a", "b", "c", "d"], {"a": 5, "b": 5, "c": 0, "d": 99}, 10)
    assert given["a"] == 5
    assert len(set(given.values())) == 4
    assert all(1 <= n <= 10 for n in given.values())


def test_too_many_names_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 objects do not fit into 2"):
        number(["a", "b", "c"], {}, 2)


def test_addresses_leave_out_edges_and_what_is_taken() -> None:
    pool, subnet = ip_network("10.0.0.0/29"), ip_network("10.0.0.0/29")
    taken = {ip_address(f"10.0.0.{n}") for n in (1, 2, 3, 5, 6)}
    assert address("x", [pool], [subnet], taken) == ip_address("10.0.0.4")
    assert address("x", [pool], [subnet], {*taken, ip_address("10.0.0.4")}) is None


def test_the_second_pool_serves_when_the_first_is_full() -> None:
    pools = [ip_network("10.0.0.9/32"), ip_network("10.0.0.12/32")]
    taken = {ip_address("10.0.0.9")}
    assert address("x", pools, [ip_network("10.0.0.0/24")], taken) == ip_address("10.0.0.12")


def test_ipv6_routers_anycast_address_is_left_out() -> None:
    pool = ip_network("fd00::/127")
    assert address("x", [pool], [ip_network("fd00::/64")], set()) == ip_address("fd00::1")


def test_allocations_survive_json() -> None:
    held = Allocations(
        tenants={"b": 2, "a": 1}, vips={"a/s": (ip_address("10.0.0.1"), ip_address("fd00::1"))}
    )
    assert Allocations.from_dict(held.to_dict()) == held
    assert list(held.to_dict()["tenants"]) == ["a", "b"]
    assert Allocations.from_dict({}) == Allocations()


@pytest.mark.parametrize(
    "plain",
    [{"others": {}}, {"tenants": {"a": "1"}}, {"rules": {"a": True}}, {"vips": {"a": "10.0.0.1"}}],
)
def test_foreign_allocations_are_refused(plain: dict[str, dict[str, object]]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Allocations.from_dict(plain)


def test_the_hash_is_the_same_forever() -> None:
    assert stable_hash("shop/reviews") == 18285504191034032868
