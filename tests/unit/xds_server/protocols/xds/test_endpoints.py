from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterEdsClusterConfig,
)
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment

from xds_server.protocols.xds.endpoints import assignment_name, no_endpoints


def test_a_cluster_asks_for_its_own_name_or_its_service() -> None:
    plain = Cluster(name="web", type=ClusterDiscoveryType.EDS)
    assert assignment_name(bytes(plain)) == "web"
    config = ClusterEdsClusterConfig(service_name="web-v2")
    named = Cluster(name="web", type=ClusterDiscoveryType.EDS, eds_cluster_config=config)
    assert assignment_name(bytes(named)) == "web-v2"


def test_other_clusters_ask_for_nothing() -> None:
    static = Cluster(name="web", type=ClusterDiscoveryType.STATIC)
    assert assignment_name(bytes(static)) == ""
    assert assignment_name(b"\xff\xff") == ""


def test_no_endpoints_is_an_empty_assignment() -> None:
    message = ClusterLoadAssignment.parse(no_endpoints("web").body)
    assert message == ClusterLoadAssignment(cluster_name="web")
    assert no_endpoints("web") == no_endpoints("web")
