from envoy_data_plane.envoy.config.bootstrap.v3 import Bootstrap

from tests.devices import xds_resources as make
from xds_server.southbound.envoy_judge import static_bootstrap

RESOURCES = [
    make.listener("front", "/run/front.sock", "shop"),
    make.route("shop", "blue"),
    make.cluster("blue"),
    make.endpoints("blue"),
]


def test_every_resource_stands_by_itself() -> None:
    read = Bootstrap.parse(static_bootstrap("host1", RESOURCES))
    assert read.node is not None
    assert read.node.id == "host1"
    static = read.static_resources
    assert static is not None
    assert [listener.name for listener in static.listeners] == ["front", "routes-1"]
    assert [cluster.name for cluster in static.clusters] == ["xds", "blue", "endpoints-3"]
    assert static.clusters[2].load_assignment is not None
    assert static.clusters[2].load_assignment.cluster_name == "blue"


def test_the_same_resources_give_the_same_bytes() -> None:
    assert static_bootstrap("x", RESOURCES) == static_bootstrap("x", RESOURCES)
