"""Protobuf bytes; the comparison with the stock encoder is a property."""

from datetime import timedelta

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType
from envoy_data_plane.envoy.config.core.v3 import DataSource, Metadata
from envoy_data_plane.envoy.config.route.v3 import RouteMatch
from envoy_data_plane.google.protobuf import Struct, Value

from translators.envoy.encode import delimited, encode, length_tag, pack, type_url, varint


def test_zero_is_written_where_presence_counts() -> None:
    assert encode(RouteMatch(prefix="")) == b"\x0a\x00"
    assert encode(Cluster(type=ClusterDiscoveryType.STATIC)) == b"\x10\x00"
    assert encode(Cluster(name="")) == b""


def test_wrappers_and_durations_are_plain_values() -> None:
    assert encode(RouteMatch(case_sensitive=False)) == b"\x22\x00"
    assert encode(Cluster(connect_timeout=timedelta(milliseconds=250))) == (
        b"\x22\x05" + b"\x10" + varint(250_000_000)
    )


def test_maps_are_sorted_by_key() -> None:
    one, two = Struct(fields={"x": Value(bool_value=True)}), Struct()
    forward = Metadata(filter_metadata={"a": one, "b": two})
    backward = Metadata(filter_metadata={"b": two, "a": one})
    assert encode(forward) == encode(backward) == bytes(forward)


def test_a_message_is_packed_with_its_type() -> None:
    packed = pack(DataSource(inline_string="x"))
    assert packed.type_url == "type.googleapis.com/envoy.config.core.v3.DataSource"
    assert packed.unpack() == DataSource(inline_string="x")
    assert type_url(Cluster).endswith("envoy.config.cluster.v3.Cluster")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (-1, b"\xff" * 9 + b"\x01")],
)
def test_varints(number: int, expected: bytes) -> None:
    assert varint(number) == expected


def test_delimited_fields_carry_their_length() -> None:
    assert delimited(length_tag(1), b"x" * 200) == b"\x0a\xc8\x01" + b"x" * 200


def test_a_value_of_a_wrong_type_is_an_error() -> None:
    cluster = Cluster()
    cluster.__dict__["name"] = 7
    with pytest.raises(TypeError):
        encode(cluster)
