from datetime import timedelta

from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType, OutlierDetection
from envoy_data_plane.envoy.config.core.v3 import Http1ProtocolOptions, Metadata
from envoy_data_plane.google.protobuf import Any, NullValue, Struct, Value

from translators.envoy.to_json import _seconds, enum_name, to_json


def test_names_with_digits_are_those_of_the_api() -> None:
    assert to_json(OutlierDetection(consecutive_5xx=3)) == {"consecutive_5xx": 3}
    assert to_json(Http1ProtocolOptions(accept_http_10=True)) == {"accept_http_10": True}


def test_what_was_given_stays_even_at_its_default() -> None:
    cluster = Cluster(name="a", type=ClusterDiscoveryType.STATIC, connect_timeout=timedelta(0))
    assert to_json(cluster) == {"name": "a", "type": "STATIC", "connect_timeout": "0s"}


def test_durations_are_exact() -> None:
    assert _seconds(timedelta(microseconds=1)) == "0.000001s"
    assert _seconds(timedelta(seconds=-1.5)) == "-1.5s"
    assert _seconds(timedelta(days=2)) == "172800s"


def test_structs_are_plain_json() -> None:
    values = {"z": Value(null_value=NullValue(0)), "n": Value(number_value=2.0)}
    message = Metadata(filter_metadata={"a": Struct(fields=values)})
    assert to_json(message) == {"filter_metadata": {"a": {"n": 2, "z": None}}}


def test_a_type_that_only_the_device_knows_is_shown_as_bytes() -> None:
    packed = Any(type_url="type.googleapis.com/acme.v1.Thing", value=b"\x08\x01")
    cluster = Cluster(typed_extension_protocol_options={"x": packed})
    shown = {"@type": "type.googleapis.com/acme.v1.Thing", "value": "CAE="}
    assert to_json(cluster) == {"typed_extension_protocol_options": {"x": shown}}


def test_an_enum_without_a_name_is_its_number() -> None:
    assert enum_name(ClusterDiscoveryType(99)) == 99
