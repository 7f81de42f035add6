"""Real connections to a service: spread by weight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.bed.traffic import Report, ask
from tests.devices.routed_bed import RoutedBed, routed_bed, until_answered

pytestmark = [pytest.mark.device, pytest.mark.root]

_HEAD = """
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: shop}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: front, tenant: shop}
spec: {vni: 10010, subnets: [10.10.0.0/24], gateways: [10.10.0.1], services: [10.10.0.192/26]}
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec: {datapathId: "0000000000000001", tunnel: {address: 10.255.1.1/30}}
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host2}
spec: {datapathId: "0000000000000002", tunnel: {address: 10.255.1.2/30}}
---
apiVersion: fsdn/v1
kind: Service
metadata: {name: log, tenant: shop}
spec:
  addresses: [10.10.0.200]
  ports: [{name: log, port: 80, targetPort: 8080, protocol: tcp}]
  selector: {app: log}
  subsets: {v1: {version: v1}, v2: {version: v2}}
---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: log, tenant: shop}
spec:
  from: [{workload: web}]
  to: [{service: log}]
  rules:
    - match: {tcp: {}}
      route: {to: [{subset: v1, weight: 80}, {subset: v2, weight: 20}]}
"""
_WORKLOAD = """---
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: {name}, tenant: shop, labels: {{app: {app}, version: {version}}}}}
spec:
  segment: front
  addresses: [10.10.0.{number}]
  mac: "02:00:00:00:10:{number}"
  host: {host}
  port: {name}
"""
_PLACES = (
    ("web", "web", "v1", 11, "host1"),
    ("near", "log", "v1", 21, "host1"),
    ("far", "log", "v2", 22, "host2"),
)
POLICY = _HEAD + "".join(
    _WORKLOAD.format(name=name, app=app, version=version, number=number, host=host)
    for name, app, version, number, host in _PLACES
)
VIRTUAL = "http://10.10.0.200/"


@pytest.fixture(scope="module")
def bed() -> Iterator[RoutedBed]:
    with routed_bed(POLICY) as bed:
        for address in ("10.10.0.21", "10.10.0.22"):  # the servers, each heard on its own loopback
            name = "near" if address.endswith("21") else "far"
            until_answered(bed.workloads[name], f"http://{address}:8080/")
        until_answered(bed.workloads["web"], VIRTUAL)
        yield bed


def connections(bed: RoutedBed, count: int) -> Report:
    """Ask once over each of so many connections."""
    return ask(bed.workloads["web"], VIRTUAL, count=count, connections=count)


def test_connections_are_spread_by_weight(bed: RoutedBed) -> None:
    report = connections(bed, 200)
    assert (report.answered, report.failed) == (200, 0)
    assert 0.65 < report.share("near") < 0.95, report.names  # 5 standard deviations of 0.8
