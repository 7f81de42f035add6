import json
from pathlib import Path

import pytest

from benchmarks.xds_content import (
    MARKER,
    many_clusters,
    many_endpoints,
    own,
    poisoned,
    read,
    small,
    write,
)
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Snapshot


@pytest.mark.parametrize("snapshot", [small(1), many_endpoints(300), many_clusters(3)])
def test_what_is_written_is_read(snapshot: Snapshot, tmp_path: Path) -> None:
    write(tmp_path / "s", [snapshot, small(7)])
    found = read(tmp_path / "s")
    assert [one.versions for one in found] == [snapshot.versions, small(7).versions]


def test_a_salt_is_another_version_of_the_same_content(tmp_path: Path) -> None:
    write(tmp_path / "s", [small()], "-again")
    told = json.loads((tmp_path / "s").read_text())["versions"][ENDPOINT]
    assert told == small().version(ENDPOINT) + "-again"
    assert read(tmp_path / "s")[0].versions == small().versions


def test_two_nodes_of_their_own_share_nothing() -> None:
    one, other = own(1), own(2)
    assert one.resources.keys() == other.resources.keys()
    for kind, named in one.resources.items():
        assert named.keys() == other.of(kind).keys()
        assert not {r.version for r in named.values()} & {
            r.version for r in other.of(kind).values()
        }


def test_a_shift_of_an_own_snapshot_is_one_assignment() -> None:
    old, new = own(3, 1).of(ENDPOINT), own(3, 2).of(ENDPOINT)
    assert [name for name in old if old[name] != new[name]] == ["service-0"]
    assert own(3, 1).version(CLUSTER) == own(3, 2).version(CLUSTER)


def test_only_what_is_to_be_refused_has_the_marker() -> None:
    marked = [r.name for r in poisoned().of(ENDPOINT).values() if MARKER.encode() in r.body]
    assert marked == ["service-0"]
    assert not any(MARKER.encode() in r.body for r in small(5).of(ENDPOINT).values())


def test_a_small_change_is_one_assignment() -> None:
    old, new = small(1).of(ENDPOINT), small(2).of(ENDPOINT)
    assert [name for name in old if old[name] != new[name]] == ["service-0"]
    assert small(1).version(CLUSTER) == small(2).version(CLUSTER)


def test_a_wide_change_is_every_cluster_added() -> None:
    old, new = many_clusters(5, 1), many_clusters(5, 2)
    assert sum(old.of(CLUSTER)[name] != new.of(CLUSTER)[name] for name in old.of(CLUSTER)) == 5
    assert old.version(ENDPOINT) == new.version(ENDPOINT)
