"""Real packets between segments that a router joins: on one host, and over a tunnel to another."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

import pytest

from integration.bed.traffic import ask, probing
from tests.devices.routed_bed import (
    RoutedBed,
    is_silent,
    literal,
    ping,
    routed_bed,
    until_answered,
    until_echoed,
)
from translators.openflow.cookie import Cause, cookie
from translators.plan.dhcp import link_local

pytestmark = [pytest.mark.device, pytest.mark.root]

POLICY = """
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: shop}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: front, tenant: shop}
spec:
  vni: 10010
  subnets: [10.10.0.0/24, "fd10:10::/64"]
  gateways: [10.10.0.1, "fd10:10::1"]
  router: main
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: back, tenant: shop}
spec:
  vni: 10020
  subnets: [10.20.0.0/24, "fd10:20::/64"]
  gateways: [10.20.0.1, "fd10:20::1"]
  services: [10.20.0.192/26, "fd10:20::ff00/120"]
  router: main
  dhcpServer: far
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: alone, tenant: shop}
spec: {vni: 10030, subnets: [10.30.0.0/24], gateways: [10.30.0.1]}
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
metadata: {name: near, tenant: shop}
spec:
  segment: back
  addresses: [10.20.0.11, "fd10:20::11"]
  mac: "02:00:00:00:20:11"
  host: host1
  port: near
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: far, tenant: shop}
spec:
  segment: back
  addresses: [10.20.0.12, "fd10:20::12"]
  mac: "02:00:00:00:20:12"
  host: host2
  port: far
---
apiVersion: fsdn/v1
kind: Workload
metadata: {name: alone, tenant: shop}
spec:
  segment: alone
  addresses: [10.30.0.11]
  mac: "02:00:00:00:30:11"
  host: host1
  port: alone
---
apiVersion: fsdn/v1
kind: Service
metadata: {name: log, tenant: shop}
spec:
  addresses: [10.20.0.200, "fd10:20::ff10"]
  ports: [{name: log, port: 80, targetPort: 8080, protocol: tcp}]
  endpoints: [far]
---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: web, tenant: shop}
spec:
  from: [{workload: web}, {workload: alone}]
  to: [{segment: back}, {workload: web}]
  rules:
    - {match: {tcp: {ports: [80, 8080]}}, action: allow}
    - {match: {udp: {ports: [7007]}}, action: allow}
    - {match: {icmp: {}}, action: allow}
"""
SERVER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.bind(("", 67))
while True:
    data, peer = s.recvfrom(2000)
    s.sendto(b"offer to " + peer[0].encode(), ("255.255.255.255", 68))
"""
CLIENT = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.settimeout(1)
s.bind(("", 68))
for _ in range(10):
    s.sendto(b"discover", ("255.255.255.255", 67))
    try:
        print(s.recv(2000).decode())
        break
    except TimeoutError:
        pass
"""
SERVER6 = """
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 547))
group = socket.inet_pton(socket.AF_INET6, "ff02::1:2")
near = struct.pack("@I", socket.if_nametoindex("eth0"))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + near)
while True:
    data, peer = s.recvfrom(2000)
    s.sendto(b"advertise to " + peer[0].partition("%")[0].encode(), peer)
"""
CLIENT6 = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
near = socket.if_nametoindex("eth0")
s.settimeout(1)
s.bind((sys.argv[1], 546, 0, near))
for _ in range(10):
    s.sendto(b"solicit", ("ff02::1:2", 547, 0, near))
    try:
        print(s.recv(2000).decode())
        break
    except TimeoutError:
        pass
"""
NEAR, FAR = ("10.20.0.11", "fd10:20::11"), ("10.20.0.12", "fd10:20::12")
EVERYBODY = (*NEAR, *FAR)
VIRTUAL = ("10.20.0.200", "fd10:20::ff10")


@pytest.fixture(scope="module")
def bed() -> Iterator[RoutedBed]:
    with routed_bed(POLICY) as bed:
        for address in EVERYBODY:
            until_answered(bed.workloads["web"], f"http://{literal(address)}:8080/")
        yield bed


@pytest.mark.parametrize("address", EVERYBODY)
def test_tcp_is_routed_there_and_back(bed: RoutedBed, address: str) -> None:
    report = ask(bed.workloads["web"], f"http://{literal(address)}:8080/", count=20)
    own = "fd10:10::11" if ":" in address else "10.10.0.11"
    assert (report.answered, report.failed) == (20, 0)
    assert {peer.removeprefix("::ffff:") for peer in report.peers} == {own}


@pytest.mark.parametrize("address", EVERYBODY)
def test_udp_is_routed_there_and_back(bed: RoutedBed, address: str) -> None:
    until_echoed(bed.workloads["web"], address)
    with probing(bed.workloads["web"], address) as stop:
        time.sleep(1)
        told = stop()
    assert told["answered"] * 2 > told["sent"] > 0, told  # a busy machine answers late


@pytest.mark.parametrize("address", EVERYBODY)
def test_each_router_on_the_way_takes_one_from_the_ttl(bed: RoutedBed, address: str) -> None:
    found = re.search(r"ttl=(\d+)", ping(bed.workloads["web"], address))
    assert found is not None
    assert found[1] == "63"  # the answer's: 64 as it was sent
    expired = cookie(Cause.EXPIRED, bed.plan.segment["shop/back"].zone)
    before = bed.hits("host1", expired)
    assert is_silent(bed.workloads["web"], address, "-t1")
    assert bed.hits("host1", expired) == before + 1
    assert "1 received" in ping(bed.workloads["web"], address, "-t2")


@pytest.mark.parametrize("address", ["10.20.0.1", "fd10:20::1", "10.10.0.1", "fd10:10::1"])
def test_the_gateways_of_its_router_answer_without_a_policy(bed: RoutedBed, address: str) -> None:
    for source in ("near", "far"):  # no rule lets them send anything
        size = 1352 if ":" in address else 1372  # as large as the MTU takes
        said = ping(bed.workloads[source], address, f"-s{size}", "-t1")
        assert "1 received" in said
        assert "ttl=64" in said
        assert is_silent(bed.workloads[source], address, "-s3000")  # in fragments


def test_a_gateway_beyond_the_router_does_not_answer(bed: RoutedBed) -> None:
    assert "1 received" in ping(bed.workloads["alone"], "10.30.0.1")
    assert is_silent(bed.workloads["alone"], "10.10.0.1")
    assert is_silent(bed.workloads["web"], "10.30.0.1")


@pytest.mark.parametrize("address", VIRTUAL)
def test_a_service_of_another_segment_answers(bed: RoutedBed, address: str) -> None:
    report = until_answered(bed.workloads["web"], f"http://{literal(address)}/")
    assert report.names == {"far": 1}


@pytest.mark.parametrize("source", ["near", "far"])
def test_what_no_rule_allows_does_not_cross(bed: RoutedBed, source: str) -> None:
    report = ask(bed.workloads[source], "http://10.10.0.11:8080/", timeout=0.5)
    assert report.unanswered
    assert is_silent(bed.workloads[source], "10.10.0.11")


def test_a_port_that_the_rule_leaves_out_stays_closed(bed: RoutedBed) -> None:
    assert ask(bed.workloads["web"], "http://10.20.0.12:8081/", timeout=0.5).unanswered


def test_a_segment_without_the_router_reaches_no_other(bed: RoutedBed) -> None:
    for address in ("10.20.0.11", "10.20.0.12", "10.10.0.11"):
        report = ask(bed.workloads["alone"], f"http://{address}:8080/", timeout=0.5)
        assert report.unanswered  # though the policy would allow it


def test_a_workload_without_an_address_asks_the_segments_server(bed: RoutedBed) -> None:
    log = bed.directory / "dhcp.log"
    server = bed.workloads["far"].spawn([sys.executable, "-c", SERVER], log)  # ended with the bed
    near, alone = bed.workloads["near"], bed.workloads["alone"]
    near.ip("addr del 10.20.0.11/24 dev eth0")
    try:
        assert near.run(sys.executable, "-c", CLIENT) == "offer to 0.0.0.0\n"
    finally:
        near.ip("addr add 10.20.0.11/24 dev eth0", "route add default via 10.20.0.1 dev eth0")
    assert server.poll() is None
    assert near.run(sys.executable, "-c", CLIENT) == "offer to 10.20.0.11\n"  # as it renews
    assert alone.run(sys.executable, "-c", CLIENT) == ""  # a segment without a server
    assert is_silent(near, "255.255.255.255", "-b")  # a broadcast that is no DHCP


def test_dhcpv6_is_spoken_between_link_local_addresses(bed: RoutedBed) -> None:
    log = bed.directory / "dhcp6.log"
    server = bed.workloads["far"].spawn([sys.executable, "-c", SERVER6], log)  # ended with the bed
    near, web = bed.workloads["near"], bed.workloads["web"]
    known = str(link_local("02:00:00:00:20:11"))
    near.ip("addr add fe80::abcd/64 dev eth0 nodad", f"addr replace {known}/64 dev eth0 nodad")
    for own in (known, "fe80::abcd", "fd10:20::11"):
        assert near.run(sys.executable, "-c", CLIENT6, own) == f"advertise to {own}\n"
    assert server.poll() is None
    web.ip("addr add fe80::abcd/64 dev eth0 nodad")
    assert web.run(sys.executable, "-c", CLIENT6, "fe80::abcd") == ""  # a segment without a server


def test_a_forged_sender_is_not_routed(bed: RoutedBed) -> None:
    web = bed.workloads["web"]
    web.ip("addr add 10.10.0.99/24 dev eth0")
    try:
        assert is_silent(web, "10.20.0.12", "-I", "10.10.0.99")
    finally:
        web.ip("addr del 10.10.0.99/24 dev eth0")
