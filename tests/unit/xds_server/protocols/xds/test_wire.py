import pytest

from tests.conversations.xds.responses import delta_request, sotw_request
from xds_server.protocols.xds import wire
from xds_server.protocols.xds.protobuf import MalformedError, put, put_text
from xds_server.protocols.xds.resource_types import CLUSTER

URL = "type.googleapis.com/x.Y"


def test_a_nack_without_a_message_is_still_a_nack() -> None:
    assert wire.scan_sotw(put_text(4, URL)).error is None
    assert wire.scan_sotw(put_text(4, URL) + put(6, b"")).error == ""
    assert wire.scan_delta(put_text(2, URL) + put(7, b"")).error == ""


def test_requests() -> None:
    sotw = wire.scan_sotw(sotw_request(URL, ("a", "b"), "v", "n", "no"))
    assert (sotw.type_url, sotw.names, sotw.version) == (URL, ("a", "b"), "v")
    assert (sotw.nonce, sotw.error) == ("n", "no")
    delta = wire.scan_delta(delta_request(URL, ("a",), ("b",), {"c": "1"}, "n"))
    assert (delta.subscribe, delta.unsubscribe, delta.initial) == (("a",), ("b",), {"c": "1"})


@pytest.mark.parametrize("name", ["b" * 200, "type.googleapis.com/b", 'b"', ""])
def test_names_are_read_wherever_the_type_seems_to_follow(name: str) -> None:
    request = sotw_request(URL, ("a", name, "c"), "v", "n")
    assert wire.scan_sotw(request).names == ("a", name, "c")
    moved = put_text(4, URL) + put(3, b"a") + put_text(5, "n") + put(3, name.encode())
    assert wire.scan_sotw(moved).names == ("a", name)


def test_locators_count_as_names() -> None:
    located = put(7, put_text(1, "a"))
    assert wire.scan_sotw(put_text(4, URL) + located).names == ("a",)
    assert wire.scan_delta(put(8, put_text(1, "a")) + put(9, put_text(1, "b"))).unsubscribe == (
        "b",
    )


def test_node_stays_bytes_and_hidden() -> None:
    request = wire.scan_sotw(sotw_request(URL))
    assert request.node is not None
    assert "web-1" not in repr(request)
    node = wire.scan_node(request.node)
    assert (node.id, node.agent, node.agent_version) == ("web-1", "tester", "1")
    assert node.digest == wire.scan_node(request.node).digest != wire.scan_node(b"").digest


@pytest.mark.parametrize("scan", [wire.scan_sotw, wire.scan_delta, wire.scan_node])
def test_malformed(scan) -> None:
    with pytest.raises(MalformedError):
        scan(b"\x08\x01" + b"\x12\x05a")


def test_nodes_of_many_builds_are_told_apart() -> None:
    def node(name: str, build: int) -> bytes:
        extension = put(9, put_text(1, f"extension-{build:02}"))
        return put_text(1, name) + put_text(6, "envoy") + extension * 5

    for _ in range(2):
        found = [wire.scan_node(node("web-1", build)) for build in range(40)]
        assert len({one.digest for one in found}) == 40
        assert [wire.scan_node(node("web-1", build)) for build in range(40)] == found
    assert wire.scan_node(node("web-2", 39)).id == "web-2"
    assert wire.scan_node(node("web-2", 39)).digest != found[39].digest


def test_what_the_nodes_of_a_fleet_say_alike_is_kept_once() -> None:
    fleet = put(2, b"a fleet") + put(6, b"an agent") + put(8, put(1, b"\x08\x01\x10\x27"))
    one, other = (wire.scan_node(put(1, name) + fleet) for name in (b"web-1", b"web-2"))
    assert (one.id, other.id) == ("web-1", "web-2")
    assert one.cluster is other.cluster
    assert one.agent is other.agent
    assert one.agent_version is other.agent_version
    assert one.agent_version == "1.39.0"


def test_a_later_field_of_a_node_counts_wherever_it_stands() -> None:
    node = wire.scan_node(put(1, b"a") + put(2, b"x") + put(1, b"b") + put(9, b"") + put(2, b"y"))
    assert (node.id, node.cluster) == ("b", "y")


def test_requests_for_one_type_have_one_url() -> None:
    node, url = put(2, put(1, b"web-1")), put(4, CLUSTER.encode())
    assert wire.scan_sotw(node + url).type_url is CLUSTER
    assert wire.scan_delta(put(2, CLUSTER.encode())).type_url is CLUSTER
