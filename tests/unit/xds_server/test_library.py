import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import Address
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment

from xds_server.library import Resource, SnapshotCache, serve
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT


def test_messages_and_bytes_become_resources() -> None:
    cache = SnapshotCache()
    raw = Resource(CLUSTER, "b", b"\x0a\x01b")
    messages = [Cluster(name="a"), ClusterLoadAssignment(cluster_name="a"), raw]
    found = cache.set_snapshot("web", messages)
    assert cache.get("web") is found
    assert list(found.of(CLUSTER)) == ["a", "b"]
    assert found.of(CLUSTER)["a"].body == b"\x0a\x01a"
    assert list(found.of(ENDPOINT)) == ["a"]


def test_a_message_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no resource"):
        SnapshotCache().set_snapshot("web", [Address()])


def test_a_version_is_the_callers_and_means_one_content() -> None:
    cache = SnapshotCache()
    first = cache.set_snapshot("web", [Cluster(name="a")], version="v1")
    assert first.version(CLUSTER) == "v1"
    assert cache.set_snapshot("web", [Cluster(name="a")], version="v1") == first
    with pytest.raises(ValueError, match="'v1' of 'web' had another content"):
        cache.set_snapshot("web", [Cluster(name="b")], version="v1")


def test_listeners_hear_of_changes_until_they_leave() -> None:
    cache, heard = SnapshotCache(), list[str]()
    leave = cache.watch(heard.append)
    cache.set_snapshot("web", [])
    cache.clear("web")
    cache.clear("web")
    leave()
    cache.set_snapshot("web", [])
    assert heard == ["web", "web"]
    assert cache.get("other") is None


async def test_a_server_takes_a_free_port_and_refuses_what_is_no_address() -> None:
    async with serve(SnapshotCache(), "127.0.0.1:0") as server:
        assert server.port > 0
        assert server.connected() == ()
    for address in ("nothing", "127.0.0.1:http", ":70000"):
        with pytest.raises(ValueError, match="no address"):
            async with serve(SnapshotCache(), address):
                pass
