"""``fsdn proxy`` beside a real Envoy that takes raw resources from a real server."""

from pathlib import Path

import pytest

from tests.devices.xds_proxy import bootstrap, short_directory, started
from tests.serving import Serving
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.envoy("fsdn proxy, the library")]
POLICY = """
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec: {datapathId: "0000000000000001"}
---
apiVersion: fsdn/v1
kind: EnvoyResource
metadata: {name: extra}
spec:
  resources:
    - "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
      name: extra
      type: EDS
      eds_cluster_config: {eds_config: {ads: {}, resource_api_version: V3}}
      outlier_detection: {consecutive_5xx: 3}
    - "@type": type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment
      cluster_name: extra
      endpoints:
        - lb_endpoints:
            - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9}}}
"""


def test_what_was_sent_is_what_runs(tmp_path: Path) -> None:
    with Serving(tmp_path / "state") as server, short_directory() as directory:
        applied = server.fsdn("apply", "-f", "-", stdin=POLICY)
        assert applied.returncode == 0, applied.stderr
        config = bootstrap(directory, "host1", delta=True)
        (xds,) = config["static_resources"]["clusters"]
        xds["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] = {
            "socket_address": {"address": "127.0.0.1", "port_value": server.port("xds")}
        }
        with started(directory, "host1", config):
            _compare(server, str(directory / "host1.admin"))


def _compare(server: Serving, admin: str) -> None:
    until(lambda: server.in_step("proxy/host1"), server.devices)
    told = server.fsdn("proxy", "status").stdout
    assert "host1  CDS   SYNCED" in told
    assert "envoy" in told
    shown = server.fsdn("proxy", "config", "host1", "clusters", "--admin", admin)
    assert shown.stdout.splitlines()[1].split()[:2] == ["CDS", "extra"], shown.stderr
    assert " same " in shown.stdout
    same = server.fsdn("proxy", "config", "host1", "--diff", "--admin", admin)
    assert same.returncode == 0, same.stdout + same.stderr
    why = server.fsdn("proxy", "explain", "host1", "extra").stdout
    assert "because of stdin:12" in why
    assert "envoyresource/extra: " in why
