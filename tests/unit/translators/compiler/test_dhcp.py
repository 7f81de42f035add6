from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import compiled, plan_of, segment, workload, world
from translators.compiler.pipeline import compile_policy


def found(*more: Thing) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in compiled(*more).diagnostics]


def test_a_workload_of_the_segment_answers() -> None:
    assert plan_of(segment(dhcpServer="api-1")).segment["shop/front"].dhcp == "shop/api-1"
    assert plan_of().segment["shop/front"].dhcp is None


def test_a_server_must_be_in_the_segment() -> None:
    far = workload("far", 51, "x", segment="back", addresses=["10.20.0.51"])
    other = (segment(dhcpServer="far"), segment("back", 20), far)
    assert found(*other) == [("FS2024", "spec.dhcpServer")]
    assert found(segment(dhcpServer="nobody")) == [("FS1101", "spec.dhcpServer")]


def test_a_server_that_went_is_missed_though_it_was_no_member() -> None:
    """Of a tenant that is not defined nothing is a member, and its references still count."""
    read = documents_of(world(segment(dhcpServer="api-1"))[1:])
    before = compile_policy(read)
    left = [document for document in read if document.reference != "shop/api-1"]
    found = compile_policy(left, before.allocations, before)
    assert ("FS1101", "spec.dhcpServer") in [(d.code, d.path) for d in found.diagnostics]
    assert found.diagnostics == compile_policy(left).diagnostics
