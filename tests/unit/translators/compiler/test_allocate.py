from ipaddress import ip_address, ip_network

from tests.properties.worlds import documents_of
from tests.unit.translators.compiler.small import codes, plan_of, segment, service, workload, world
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import compile_policy


def test_a_service_gets_an_address_of_each_family_of_the_pool() -> None:
    (found,) = plan_of(service()).services
    four, six = found.vips
    assert four in ip_network("10.10.0.192/26")
    assert six in ip_network("fd10:10::ff00/120")


def test_written_addresses_are_taken_as_they_are() -> None:
    (found,) = plan_of(service(addresses=["10.10.0.77"])).services
    assert found.vips == (ip_address("10.10.0.77"),)


def test_stored_addresses_and_numbers_are_kept_when_others_come() -> None:
    first = compile_policy(documents_of(world(service())))
    more = world(service(), *(service(f"s{n}") for n in range(20)))
    grown = compile_policy(documents_of(more), first.allocations)
    assert grown.plan.service["shop/api"] == first.plan.service["shop/api"]
    assert grown.plan.endpoints == first.plan.endpoints
    vips = [vip for found in grown.plan.services for vip in found.vips]
    assert len(vips) == len(set(vips)) == 42


def test_a_stored_address_that_someone_wrote_down_is_given_up() -> None:
    first = compile_policy(documents_of(world(service())))
    (four, six) = first.allocations.vips["shop/api"]
    taken = workload("late", 99, "late", addresses=[str(four)])
    again = compile_policy(documents_of(world(service(), taken)), first.allocations)
    assert again.diagnostics == ()
    assert six in again.allocations.vips["shop/api"]
    assert four not in again.allocations.vips["shop/api"]


def test_a_stored_address_outside_the_pool_is_given_up() -> None:
    held = Allocations(vips={"shop/api": (ip_address("192.0.2.1"),)})
    found = compile_policy(documents_of(world(service())), held)
    assert ip_address("192.0.2.1") not in found.plan.services[0].vips


def test_no_pool_and_a_full_pool_are_errors() -> None:
    assert codes(
        segment("back", 20, services=[]), service(segment="back", selector={"app": "x"})
    ) == [
        "FS4004",
        "FS4009",
    ]
    pool = segment("back", 20, services=["10.20.0.200/32"])
    many = [service(f"s{n}", segment="back", selector={"app": "x"}) for n in range(2)]
    assert codes(pool, *many) == ["FS4005", "FS4009", "FS4009"]
