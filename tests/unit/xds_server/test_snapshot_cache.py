import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import Address, DataSource
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import GenericSecret, Secret

from xds_server.library import Resource, SnapshotCache
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, SECRET


def secret(name: str, content: str = "hush") -> Secret:
    data = DataSource(inline_string=content)
    return Secret(name=name, generic_secret=GenericSecret(secret=data))


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


def test_a_secret_in_a_shared_snapshot_is_refused_with_the_mend() -> None:
    cache = SnapshotCache(node_hash=lambda _: "all")
    kept = cache.set_snapshot("all", [Cluster(name="a")])
    with pytest.raises(ValueError, match=r"'key': give it to its owner by set_secrets") as refused:
        cache.set_snapshot("all", [Cluster(name="b"), secret("key")])
    assert "hush" not in str(refused.value)
    assert cache.get("all") is kept
    own = SnapshotCache().set_snapshot("web-1", [secret("key")])  # one node: its own
    assert list(own.of(SECRET)) == ["key"]


def test_secrets_are_their_owners_alone() -> None:
    cache, heard = SnapshotCache(node_hash=lambda _: "all"), list[str]()
    leave = cache.watch(lambda _: None, heard.append)
    shared = cache.set_snapshot("all", [Cluster(name="a")], version="1")
    cache.set_secrets("web-1", [secret("key")])
    owner = cache.with_secrets("web-1", shared)
    assert owner is not None
    assert list(owner.of(SECRET)) == ["key"]
    assert owner.version(CLUSTER) == "1"
    assert cache.with_secrets("web-2", shared) is shared
    cache.set_secrets("web-1", [])
    revoked = cache.with_secrets("web-1", shared)
    assert revoked is not None
    assert SECRET in revoked.resources
    assert not revoked.of(SECRET)
    leave()
    cache.set_secrets("web-1", [secret("key")])
    assert heard == ["web-1", "web-1"]


def test_secrets_win_over_the_snapshots_own_and_need_none() -> None:
    cache = SnapshotCache()
    held = cache.set_snapshot("web-1", [secret("a"), secret("b")], version="1")
    cache.set_secrets("web-1", [secret("b", "new")])
    found = cache.with_secrets("web-1", held)
    assert found is not None
    assert found.of(SECRET)["a"] == held.of(SECRET)["a"]
    assert b"new" in found.of(SECRET)["b"].body
    assert found.version(SECRET) != "1"  # that was of another content
    alone = cache.with_secrets("web-1", None)
    assert alone is not None
    assert alone.only == {SECRET}
    assert cache.with_secrets("web-2", None) is None


def test_what_is_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="Cluster is no Secret: give it to set_snapshot"):
        SnapshotCache().set_secrets("web-1", [Cluster(name="a")])
