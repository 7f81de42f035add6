import json
from typing import Any

from envoy_data_plane.envoy.service.health.v3 import HealthCheckSpecifier

from tests.unit.translators.envoy.test_health_checks import CHECK, CLUSTER
from translators.envoy.health_checks import HEALTH_CHECKS
from translators.folder.checks import checks_of, is_checks


def document(*clusters: dict[str, Any]) -> dict[str, Any]:
    return {"@type": HEALTH_CHECKS, "cluster_health_checks": list(clusters)}


def text(*clusters: dict[str, Any]) -> str:
    """A document as a file has it."""
    return json.dumps(document(*clusters), indent=1)


def place(path: tuple[str | int, ...]) -> str:
    return f"a.yaml:{len(path)}"


def test_checks_are_bytes_with_the_place_of_each_cluster() -> None:
    assert is_checks(document(CLUSTER))
    found, wrong = checks_of(document(CLUSTER), place)
    assert wrong == ()
    assert found is not None
    assert (found.origin, found.settle) == ("a.yaml:1", 9.0)
    [cluster] = found.clusters
    assert (cluster.name, cluster.origin) == ("shop", "a.yaml:3")
    [each] = HealthCheckSpecifier.parse(found.specifier).cluster_health_checks
    assert each.cluster_name == "shop"


def test_an_error_leaves_nothing_and_a_warning_all() -> None:
    found, wrong = checks_of(document({**CLUSTER, "cluster_nme": "x"}), place)
    assert (found, wrong[0].code) == (None, "FS6002")
    found, wrong = checks_of(document({**CLUSTER, "cluster_name": ""}), place)
    assert (found, wrong[0].code) == (None, "FS6003")
    slow = {key: value for key, value in CHECK.items() if key != "no_traffic_interval"}
    found, wrong = checks_of(document({**CLUSTER, "health_checks": [slow]}), place)
    assert found is not None
    assert [one.code for one in wrong] == ["FS6016"]
