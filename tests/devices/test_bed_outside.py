"""Real packets to a network outside: they leave under the host's address, and come back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from integration.bed.traffic import ask, load, probing
from tests.devices.routed_bed import (
    SITE,
    RoutedBed,
    is_silent,
    literal,
    ping,
    routed_bed,
    until_answered,
    until_echoed,
)
from translators.openflow.cookie import Cause, cookie

pytestmark = [pytest.mark.device, pytest.mark.root]

POLICY = """
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: shop}
spec: {default: allow}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: front, tenant: shop}
spec: {vni: 10010, subnets: [10.10.0.0/24, "fd10:10::/64"], gateways: [10.10.0.1, "fd10:10::1"]}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: back, tenant: shop}
spec: {vni: 10020, subnets: [10.20.0.0/24], gateways: [10.20.0.1]}
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec:
  datapathId: "0000000000000001"
  tunnel: {address: 10.255.1.1/30}
  external:
    port: outside
    mac: "02:00:00:00:ee:01"
    addresses: [198.51.100.2, "2001:db8:ee::2"]
    gatewayMac: "02:00:00:00:ee:fe"
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host2}
spec: {datapathId: "0000000000000002", tunnel: {address: 10.255.1.2/30}}
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: web, tenant: shop}
spec:
  segment: front
  addresses: [10.10.0.11, "fd10:10::11"]
  mac: "02:00:00:00:10:11"
  host: host1
  port: web
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: db, tenant: shop}
spec:
  segment: back
  addresses: [10.20.0.11]
  mac: "02:00:00:00:20:11"
  host: host1
  port: db
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: far, tenant: shop}
spec:
  segment: front
  addresses: [10.10.0.12]
  mac: "02:00:00:00:10:12"
  host: host2
  port: far
---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: out, tenant: shop}
spec:
  from: [{workload: web}, {workload: far}]
  to: [{external: 203.0.113.0/24}, {external: "2001:db8:3::/48"}]
  rules:
    - {match: {tcp: {ports: [8081]}}, action: deny}
    - {action: allow}
"""
LENT = {"203.0.113.7": "198.51.100.2", "2001:db8:3::7": "2001:db8:ee::2"}
SITES = [address.partition("/")[0] for address in SITE]


@pytest.fixture(scope="module")
def bed() -> Iterator[RoutedBed]:
    with routed_bed(POLICY) as bed:
        for site in SITES:
            until_answered(bed.workloads["web"], f"http://{literal(site)}:8080/")
        yield bed


@pytest.mark.parametrize("site", SITES)
def test_tcp_leaves_under_the_hosts_address(bed: RoutedBed, site: str) -> None:
    report = ask(bed.workloads["web"], f"http://{literal(site)}:8080/", count=20)
    assert (report.answered, report.failed) == (20, 0)
    assert {peer.removeprefix("::ffff:") for peer in report.peers} == {LENT[site]}


def test_many_connections_at_once_are_told_apart(bed: RoutedBed) -> None:
    with load(bed.workloads["web"], "http://203.0.113.7:8080/", connections=30) as stop:
        time.sleep(2)
        report = stop()
    assert report.failed == 0
    assert report.answered > 100


@pytest.mark.parametrize("site", SITES)
def test_udp_and_echoes_come_back(bed: RoutedBed, site: str) -> None:
    until_echoed(bed.workloads["web"], site)
    with probing(bed.workloads["web"], site) as stop:
        time.sleep(1)
        told = stop()
    assert told["answered"] * 2 > told["sent"] > 0, told
    found = re.search(r"ttl=(\d+)", ping(bed.workloads["web"], site))
    assert found is not None
    assert found[1] == "63"
    assert is_silent(bed.workloads["web"], site, "-t1")
    assert "1 received" in ping(bed.workloads["web"], site, "-t2")


def test_a_rule_can_keep_one_inside(bed: RoutedBed) -> None:
    assert ask(bed.workloads["web"], "http://203.0.113.7:8081/", timeout=0.5).unanswered
    assert ask(bed.workloads["web"], "http://198.51.100.1:8080/", timeout=0.5).unanswered


def test_the_tenants_default_lets_nobody_out(bed: RoutedBed) -> None:
    assert ask(bed.workloads["db"], "http://203.0.113.7:8080/", timeout=0.5).unanswered


def test_a_host_without_a_way_outside_has_none_over_another(bed: RoutedBed) -> None:
    assert ask(bed.workloads["far"], "http://203.0.113.7:8080/", timeout=0.5).unanswered


def test_nothing_from_outside_begins_a_connection(bed: RoutedBed) -> None:
    outside = bed.workloads["outside"]
    outside.ip("route add 10.10.0.0/24 via 198.51.100.2 dev eth0")
    before = bed.hits("host1", cookie(Cause.INBOUND))
    for target in ("198.51.100.2", "10.10.0.11"):
        assert ask(outside, f"http://{target}:8080/", timeout=0.5).unanswered
    assert bed.hits("host1", cookie(Cause.INBOUND)) > before
    assert is_silent(outside, "198.51.100.2")
