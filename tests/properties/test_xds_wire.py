"""The hand-written envelopes agree with the generated messages, and survive any bytes."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from betterproto2 import Message
from envoy_data_plane.envoy.config.core.v3 import BuildVersion, Locality, Node
from envoy_data_plane.envoy.service.discovery.v3 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
    ResourceLocator,
)
from envoy_data_plane.envoy.type.v3 import SemanticVersion
from envoy_data_plane.google.rpc import Status
from hypothesis import given

from xds_server.protocols.xds import responses, wire
from xds_server.protocols.xds.protobuf import MalformedError, put, put_number, scan
from xds_server.snapshots.model import Resource

TEXT = st.text(max_size=8)
NAMES = st.lists(st.text(min_size=1, max_size=6), max_size=3)
ERRORS = st.none() | TEXT
NODES = st.none() | st.builds(
    lambda id, cluster, agent, version, zone: Node(
        id=id,
        cluster=cluster,
        user_agent_name=agent,
        user_agent_version=version,
        locality=Locality(zone=zone),
        extensions=[],
    ),
    TEXT,
    TEXT,
    TEXT,
    st.text(min_size=1, max_size=4),
    TEXT,
)
RESOURCES = st.lists(
    st.builds(Resource, st.just("type.googleapis.com/x.Y"), st.text(min_size=1), st.binary()),
    max_size=3,
)

REFUSALS = st.dictionaries(
    st.text(min_size=1),
    st.builds(
        responses.ResourceError,
        st.sampled_from((responses.NOT_FOUND, responses.UNIMPLEMENTED)),
        TEXT,
    ),
    max_size=2,
)


def status(error: str | None) -> Status | None:
    return None if error is None else Status(code=13, message=error)


@given(NODES, TEXT, NAMES, TEXT, TEXT, ERRORS, NAMES)
def test_sotw_requests(node, url, names, version, nonce, error, located) -> None:
    message = DiscoveryRequest(
        version_info=version,
        node=node,
        resource_names=names,
        resource_locators=[ResourceLocator(name=name) for name in located],
        type_url=url,
        response_nonce=nonce,
        error_detail=status(error),
    )
    found = wire.scan_sotw(bytes(message))
    assert (found.type_url, found.version, found.nonce, found.error) == (url, version, nonce, error)
    assert sorted(found.names) == sorted([*names, *located])
    _same_node(found.node, node)


@given(NODES, TEXT, NAMES, NAMES, st.dictionaries(TEXT, TEXT, max_size=3), TEXT, ERRORS)
def test_delta_requests(node, url, add, drop, initial, nonce, error) -> None:
    message = DeltaDiscoveryRequest(
        node=node,
        type_url=url,
        resource_names_subscribe=add,
        resource_names_unsubscribe=drop,
        initial_resource_versions=initial,
        response_nonce=nonce,
        error_detail=status(error),
    )
    found = wire.scan_delta(bytes(message))
    assert (found.type_url, found.nonce, found.error) == (url, nonce, error)
    assert (list(found.subscribe), list(found.unsubscribe)) == (add, drop)
    assert found.initial == initial
    _same_node(found.node, node)


def _same_node(data: bytes | None, node: Node | None) -> None:
    if data is None or node is None:
        assert data is node
        return
    found = wire.scan_node(data)
    assert (found.id, found.cluster, found.agent, found.agent_version) == (
        node.id,
        node.cluster,
        node.user_agent_name,
        node.user_agent_version,
    )


def test_build_version_of_envoy() -> None:
    semantic = SemanticVersion(major_number=1, minor_number=40, patch=0)
    node = Node(id="a", user_agent_name="envoy", user_agent_build_version=BuildVersion(semantic))
    assert wire.scan_node(bytes(node)).agent_version == "1.40.0"


@given(TEXT, TEXT, RESOURCES, REFUSALS)
def test_sotw_responses(version, nonce, resources, errors) -> None:
    data = responses.encode_sotw("type.googleapis.com/x.Y", version, nonce, resources, errors)
    message = DiscoveryResponse.parse(data)
    assert (message.version_info, message.nonce) == (version, nonce)
    assert message.type_url == "type.googleapis.com/x.Y"
    assert [(a.type_url, a.value) for a in message.resources] == [
        (r.type_url, r.body) for r in resources
    ]
    assert _errors(message.resource_errors) == errors


@given(TEXT, TEXT, RESOURCES, NAMES, REFUSALS)
def test_delta_responses(version, nonce, resources, removed, errors) -> None:
    data = responses.encode_delta(
        "type.googleapis.com/x.Y", version, nonce, resources, removed, errors
    )
    message = DeltaDiscoveryResponse.parse(data)
    assert (message.system_version_info, message.nonce) == (version, nonce)
    assert [(r.name, r.version, r.resource and r.resource.value) for r in message.resources] == [
        (r.name, r.version, r.body) for r in resources
    ]
    assert message.removed_resources == removed
    assert _errors(message.resource_errors) == errors


def _errors(errors: list) -> dict[str, responses.ResourceError]:
    return {
        e.resource_name.name: responses.ResourceError(e.error_detail.code, e.error_detail.message)
        for e in errors
    }


@pytest.mark.parametrize("read", [wire.scan_sotw, wire.scan_delta, wire.scan_node])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(read, data: bytes) -> None:
    try:
        read(data)
    except MalformedError:
        return
    list(scan(data))  # what was accepted is at least well-formed on its outer level


@given(st.data())
def test_damaged_requests_are_a_message_or_malformed(data: st.DataObject) -> None:
    request: Message = DiscoveryRequest(
        node=Node(id="a", user_agent_name="b"), resource_names=["x"], type_url="u"
    )
    sound = bytearray(bytes(request))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sound) - 1))
        sound[at] = data.draw(st.integers(0, 255))
    try:
        found = wire.scan_sotw(bytes(sound))
        wire.scan_node(found.node or b"")
    except MalformedError:
        return
    assert isinstance(found.error, str | None)


NODE_FIELD = st.one_of(
    st.tuples(st.sampled_from((1, 2, 6, 7)), st.text(max_size=5).map(str.encode)),
    st.tuples(st.just(8), st.just(put(1, put_number(1, 3)))),
    st.tuples(st.sampled_from((3, 4, 9, 10)), st.binary(max_size=5)),
)


@given(st.lists(NODE_FIELD, max_size=12))
def test_a_node_is_read_alike_in_any_order_of_its_fields(fields: list[tuple[int, bytes]]) -> None:
    wanted = {1: "", 2: "", 6: "", 7: ""}
    for field, value in fields:  # the last one counts
        if field == 8:
            wanted[7] = "3.0.0"
        elif field in wanted:
            wanted[field] = value.decode()
    node = wire.scan_node(b"".join(put(field, value) for field, value in fields))
    assert [node.id, node.cluster, node.agent, node.agent_version] == list(wanted.values())
