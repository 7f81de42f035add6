"""Clusters."""

import socket
from dataclasses import replace

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import ClusterLbPolicy

from tests.plans import shop_plan
from tests.unit.translators.envoy.doors import door_of, with_protocol
from translators.envoy.clusters import ADS, Destination, cluster
from translators.plan.model import Affinity, AppProtocol


def test_a_cluster_is_discovered_over_the_aggregated_stream() -> None:
    door, _ = door_of()
    message = cluster(Destination(door, "v1"))
    assert message.name == "shop/reviews:80/ipv4/v1"
    assert message.eds_cluster_config is not None
    assert message.eds_cluster_config.eds_config == ADS
    assert cluster(Destination(door, None)).name == "shop/reviews:80/ipv4"


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (AppProtocol.HTTP, "http_protocol_options"),
        (AppProtocol.HTTP2, "http2_protocol_options"),
        (AppProtocol.GRPC, "http2_protocol_options"),
    ],
)
def test_the_port_says_which_http_the_endpoints_speak(protocol: AppProtocol, expected: str) -> None:
    door, _ = door_of(with_protocol(shop_plan(), protocol))
    (options,) = cluster(Destination(door, None)).typed_extension_protocol_options.values()
    explicit = options.unpack().explicit_http_config  # type: ignore[union-attr]
    others = {"http_protocol_options", "http2_protocol_options"} - {expected}
    assert getattr(explicit, expected) is not None
    assert all(getattr(explicit, other) is None for other in others)


def test_a_raw_port_has_no_http_options() -> None:
    door, _ = door_of(with_protocol(shop_plan(), AppProtocol.TCP))
    assert cluster(Destination(door, None)).typed_extension_protocol_options == {}


def test_endpoints_of_a_service_with_affinity_are_on_a_ring() -> None:
    door, _ = door_of()
    assert cluster(Destination(door, None)).lb_policy is ClusterLbPolicy.LEAST_REQUEST
    sticky = replace(door, service=replace(door.service, affinity=Affinity.CLIENT_IP))
    assert cluster(Destination(sticky, None)).lb_policy is ClusterLbPolicy.RING_HASH


def test_a_connection_whose_endpoint_is_gone_is_given_up() -> None:
    door, _ = door_of(with_protocol(shop_plan(), AppProtocol.TCP))
    message = cluster(Destination(door, None))
    assert message.upstream_connection_options is not None
    probes = message.upstream_connection_options.tcp_keepalive
    assert probes is not None
    assert (probes.keepalive_time, probes.keepalive_interval, probes.keepalive_probes) == (5, 2, 3)
    assert message.upstream_bind_config is not None
    assert message.upstream_bind_config.source_address is None  # original_src gives the address
    (option,) = message.upstream_bind_config.socket_options
    assert (option.level, option.name) == (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert option.int_value == 10_000
