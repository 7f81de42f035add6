from pathlib import Path

import pytest

from benchmarks.xds_content import many_clusters, many_endpoints, read, small, write
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Snapshot


@pytest.mark.parametrize("snapshot", [small(1), many_endpoints(300), many_clusters(3)])
def test_what_is_written_is_read(snapshot: Snapshot, tmp_path: Path) -> None:
    write(tmp_path / "s", snapshot)
    assert read(tmp_path / "s").versions == snapshot.versions


def test_a_small_change_is_one_assignment() -> None:
    old, new = small(1).of(ENDPOINT), small(2).of(ENDPOINT)
    assert [name for name in old if old[name] != new[name]] == ["service-0"]
    assert small(1).version(CLUSTER) == small(2).version(CLUSTER)


def test_a_wide_change_is_every_cluster_added() -> None:
    old, new = many_clusters(5, 1), many_clusters(5, 2)
    assert sum(old.of(CLUSTER)[name] != new.of(CLUSTER)[name] for name in old.of(CLUSTER)) == 5
    assert old.version(ENDPOINT) == new.version(ENDPOINT)
