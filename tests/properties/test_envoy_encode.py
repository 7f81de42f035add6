"""The generated encoder writes what the stock one writes, for any message that we may build."""

from __future__ import annotations

import datetime
import warnings
from dataclasses import fields
from random import Random
from typing import Any as Value

import betterproto2
import pytest
from betterproto2 import FieldMetadata, Message
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.rbac.v3 import Rbac as Rules
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import RbacPerRoute
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
)
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import TcpProxy
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import Secret
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import HttpProtocolOptions
from envoy_data_plane.envoy.service.discovery.v3 import DeltaDiscoveryResponse, DiscoveryResponse
from envoy_data_plane.google.protobuf import Any, Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.envoy.encode import encode, pack, varint

KINDS: tuple[type[Message], ...] = (
    Cluster,
    ClusterLoadAssignment,
    DeltaDiscoveryResponse,
    DiscoveryResponse,
    HttpConnectionManager,
    HttpProtocolOptions,
    Listener,
    RbacPerRoute,
    RouteConfiguration,
    Rules,
    Secret,
    Struct,
    TcpProxy,
)
_INTEGERS = {
    "uint32": (0, 1, 127, 128, 2**32 - 1),
    "fixed32": (0, 1, 2**32 - 1),
    "uint64": (0, 300, 2**64 - 1),
    "fixed64": (0, 2**64 - 1),
    "int32": (0, -1, 5, -(2**31)),
    "sint32": (0, -1, 5, -(2**31)),
    "sfixed32": (0, -1, 2**31 - 1),
    "int64": (0, -1, 2**63 - 1),
    "sint64": (0, -1, -(2**63)),
    "sfixed64": (0, -1, -(2**63)),
}
_PLAIN: dict[str, tuple[Value, ...]] = {
    **_INTEGERS,
    "bool": (False, True),
    "double": (0.0, 1.5, -2.25),
    "float": (0.0, 1.5, -2.25),
    "string": ("", "a", "é€", "x" * 200),
    "bytes": (b"", b"\x00\xff", b"y" * 130),
}


def build(rng: Random, kind: type[Message], depth: int) -> Message:
    """Return a random message: about a third of its fields, one of each oneof at most."""
    if kind is Any:
        return pack(build(rng, rng.choice((Struct, Rules)), 1))
    chosen: dict[str, Value] = {}
    groups: set[str] = set()
    for item in fields(kind):
        meta = FieldMetadata.get(item)
        if rng.random() > 0.35 or (meta.group or "") in groups:
            continue
        if meta.group:
            groups.add(meta.group)
        value = _field(rng, kind, item.name, meta, depth)
        if value is not None:
            chosen[item.name] = value
    return kind(**chosen)


def _field(rng: Random, kind: type[Message], name: str, meta: FieldMetadata, depth: int) -> Value:
    classes = kind._betterproto.cls_by_field
    if meta.map_meta is not None:
        key, value = meta.map_meta
        pairs = {
            _PLAIN[key.proto_type][n]: _single(rng, value, classes[f"{name}.value"], depth - 1)
            for n in range(rng.randint(0, 2))
        }
        return {k: v for k, v in sorted(pairs.items()) if v is not None}
    if meta.repeated:
        found = [_single(rng, meta, classes[name], depth - 1) for _ in range(rng.randint(0, 3))]
        return [value for value in found if value is not None]
    return _single(rng, meta, classes[name], depth - 1)


def _single(rng: Random, meta: FieldMetadata, kind: type, depth: int) -> Value:
    if meta.proto_type == betterproto2.TYPE_ENUM:
        return rng.choice(list(kind))  # type: ignore[call-overload]
    if meta.proto_type != betterproto2.TYPE_MESSAGE:
        return rng.choice(_PLAIN[meta.proto_type])
    if meta.unwrap is None:
        return build(rng, kind, depth) if depth > 0 else None
    wrapper = meta.unwrap()
    if wrapper.__name__ == "Duration":
        return datetime.timedelta(seconds=rng.choice((0, 1, 90)), milliseconds=rng.choice((0, 250)))
    if wrapper.__name__ == "Timestamp":
        return datetime.datetime(2026, 1, rng.randint(1, 28), tzinfo=datetime.UTC)
    return rng.choice(_PLAIN[FieldMetadata.get(fields(wrapper)[0]).proto_type])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=30, deadline=None)
@given(rng=st.randoms(use_true_random=True))
def test_bytes_equal_the_stock_ones(kind: type[Message], rng: Random) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # deprecated fields are fields, too
        message = build(rng, kind, 4)
        body = encode(message)
        assert body == bytes(message)
        assert kind.parse(body) == message


@given(number=st.integers(-(2**63), 2**64 - 1))
def test_varints_equal_the_stock_ones(number: int) -> None:
    assert varint(number) == betterproto2.encode_varint(number)
