"""Endpoint assignments."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plans import shop_plan
from tests.unit.translators.envoy.doors import door_of, with_endpoints
from translators.envoy.clusters import Destination
from translators.envoy.encode import encode
from translators.envoy.endpoints import (
    Kept,
    assignment,
    assignment_bytes,
    locations,
    socket_address,
)

LOCATIONS = st.lists(st.tuples(st.ip_addresses().map(str), st.integers(1, 65535)), max_size=5).map(
    tuple
)


@given(name=st.text(min_size=1, max_size=150), found=LOCATIONS)
def test_the_hot_path_writes_what_the_messages_say(
    name: str, found: tuple[tuple[str, int], ...]
) -> None:
    assert assignment_bytes(name, found) == encode(assignment(name, found))


@given(name=st.text(min_size=1, max_size=9), found=LOCATIONS, data=st.data())
def test_a_changed_location_is_written_as_if_nothing_were_kept(
    name: str, found: tuple[tuple[str, int], ...], data: st.DataObject
) -> None:
    assignment_bytes(name, found)
    (new,) = data.draw(LOCATIONS.filter(lambda some: len(some) == 1))
    at = data.draw(st.integers(0, len(found)))
    changed = (*found[:at], new, *found[at + 1 :])
    assert assignment_bytes(name, changed) == encode(assignment(name, changed))


def test_another_port_of_the_same_address_is_another_part() -> None:
    for port in (80, 8080, 80):
        found = (("10.0.0.1", port),)
        assert assignment_bytes("a", found) == encode(assignment("a", found))


def test_what_is_kept_is_bounded_and_forgotten_as_a_whole() -> None:
    made: list[int] = []
    kept = Kept(lambda key: made.append(key) or key * 2, most=2)
    assert [kept[1], kept[2], kept[1], kept[3], kept[1]] == [2, 4, 2, 6, 2]
    assert made == [1, 2, 3, 1]
    assert len(kept) == 2


@pytest.mark.parametrize(
    ("family", "subset", "expected"),
    [
        (4, None, (("10.10.0.21", 8080), ("10.10.0.22", 8080))),
        (4, "v1", (("10.10.0.21", 8080),)),
        (6, "v2", (("fd10:10::22", 8080),)),
    ],
)
def test_endpoints_are_of_the_doors_family_and_the_subset(
    family: int, subset: str | None, expected: object
) -> None:
    door, _ = door_of(family=family)
    assert locations(shop_plan(), Destination(door, subset)) == expected


def test_an_endpoint_with_two_addresses_counts_once() -> None:
    plan = shop_plan()
    more = (ip_address("10.10.0.21"), ip_address("10.10.0.99"))
    changed = [
        replace(e, addresses=more) if e.name == "shop/reviews-1" else e for e in plan.endpoints
    ]
    plan = with_endpoints(plan, *changed)
    door, _ = door_of(plan)
    assert locations(plan, Destination(door, "v1")) == (("10.10.0.21", 8080),)


def test_addresses_are_tcp() -> None:
    address = socket_address("::1", 80).socket_address
    assert address is not None
    assert (address.address, address.port_value) == ("::1", 80)


def test_an_endpoint_that_drains_is_left_out() -> None:
    plan = shop_plan()
    services = tuple(replace(s, draining=("shop/reviews-1",)) for s in plan.services)
    plan = replace(plan, services=services)
    door, _ = door_of(plan)
    assert locations(plan, Destination(door, None)) == (("10.10.0.22", 8080),)
    assert locations(plan, Destination(door, "v1")) == ()
    assert door.served == {None, "v2"}
