import json
from typing import Any

from tests.unit.translators.envoy.test_health_checks import CLUSTER as CHECKED
from tests.unit.translators.folder.test_checks import text
from translators.envoy.resources import CLUSTER, ENDPOINT
from translators.folder.read import EVERY, Contents, File, read_folder
from xds_server.controller.health_checks import (
    assigned_of,
    ineffective,
    judged,
)
from xds_server.controller.provided import joined, provided_of
from xds_server.controller.targets import Targets
from xds_server.protocols.reports.health import Checked

A = Checked("shop", "10.0.0.1", 80)


def contents(*files: tuple[str, str]) -> Contents:
    found = read_folder(File(f"{node or 'all'}.json", node, body) for node, body in files)
    assert found.diagnostics == ()
    return found


def endpoints(*addresses: str) -> str:
    """An assignment of the cluster shop."""
    members: list[Any] = [
        {"endpoint": {"address": {"socket_address": {"address": one, "port_value": 80}}}}
        for one in addresses
    ]
    where = {"cluster_name": "shop", "endpoints": [{"lb_endpoints": members}]}
    return json.dumps({"@type": ENDPOINT, **where})


def targets(found: Contents) -> Targets:
    return joined(Targets(), (), provided_of(found))


def test_each_node_checks_its_own_and_all_others_what_is_for_every_node() -> None:
    found = assigned_of(contents((EVERY, text(CHECKED)), ("own", text()), ("n", endpoints())))
    assert (found.every.endpoints, found.every.settle) == ({A}, 9.0)
    assert {node: one.endpoints for node, one in found.nodes.items()} == {"own": frozenset()}
    assert found.count == 1
    assert assigned_of(contents(("n", endpoints()))).count == 0


def test_endpoints_that_nobody_is_sent_are_a_warning() -> None:
    checks = (EVERY, text(CHECKED))
    for sent in ((EVERY, endpoints("10.0.0.1")), ("n", endpoints("10.0.0.9", "10.0.0.1"))):
        both = read_folder(File(f"{i}.json", *one) for i, one in enumerate((checks, sent)))
        assert ineffective(both, targets(both)) == ()
    both = read_folder(
        File(f"{i}.json", *one) for i, one in enumerate((checks, ("n", endpoints("10.0.0.9"))))
    )
    [finding] = ineffective(both, targets(both))
    assert (finding.code, finding.file, finding.line) == ("FS6015", "0.json", 5)
    assert "the endpoint 10.0.0.1:80 of shop" in finding.message


def test_checks_are_judged_as_clusters_at_their_place() -> None:
    found = judged(contents((EVERY, text(CHECKED)), ("n", text(CHECKED))))
    assert set(found.proxies) == {"every other node", "n"}
    [cluster] = found.proxies["n"].of(CLUSTER).values()
    assert (cluster.name, cluster.origin) == ("shop", "n.json:5")
