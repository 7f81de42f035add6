"""Real connections are copied to a collector, here and through the tunnel, and go on as before."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from integration.bed.traffic import ask
from tests.devices.routed_bed import RoutedBed, routed_bed, until_answered
from tests.devices.test_bed_balance import _HEAD, _WORKLOAD
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]

WEB, NEAR, FAR = "10.10.0.11", "10.10.0.21", "10.10.0.22"
_POLICY = """---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: {name}, tenant: shop}}
spec:
  from: [{{workload: web}}]
  to: [{{workload: {target}}}]
  rules:
    - match: {{tcp: {{ports: [8080]}}}}
      action: allow
      mirror: {{workload: {collector}}}
"""
_PLACES = (
    ("web", 11, "host1"),
    ("near", 21, "host1"),
    ("far", 22, "host2"),
    ("tap", 31, "host1"),
    ("ids", 32, "host2"),
)
# Whom web may reach, and who gets the copies: on web's host, and on the other one.
_COPIED = {"near": "tap", "far": "ids"}
POLICY = (
    _HEAD.partition("---\napiVersion: fsdn/v1\nkind: Service")[0]
    + "".join(
        _WORKLOAD.format(name=name, app=name, version="v1", number=number, host=host)
        for name, number, host in _PLACES
    )
    + "".join(_POLICY.format(name=name, target=name, collector=to) for name, to in _COPIED.items())
)
_SNIFF = """
import socket, sys
taken = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print("ready", flush=True)
while True:
    frame, (_, _, kind, *_) = taken.recvfrom(65535)
    if frame[12:14] == b"\\x08\\x00" and frame[23] == 6:
        ends = [socket.inet_ntoa(frame[at:at + 4]) for at in (26, 30)]
        print(*ends, int.from_bytes(frame[36:38], "big"), kind, flush=True)
"""


@pytest.fixture(scope="module")
def bed() -> Iterator[RoutedBed]:
    with routed_bed(POLICY) as bed:
        for name, address in (("near", NEAR), ("far", FAR)):
            until_answered(bed.workloads["web"], f"http://{address}:8080/")
            assert name in bed.workloads
        for name in ("near", "far", "tap", "ids"):
            log = bed.directory / f"{name}.seen"
            bed.workloads[name].spawn([sys.executable, "-c", _SNIFF], log)
        for name in ("near", "far", "tap", "ids"):
            until(lambda name=name: _lines(bed, name), lambda name=name: f"{name} does not listen")
        yield bed


def _lines(bed: RoutedBed, name: str) -> list[str]:
    return (bed.directory / f"{name}.seen").read_text().splitlines()


def seen(bed: RoutedBed, name: str) -> Counter[tuple[str, str]]:
    """Return how many TCP packets came by a workload's interface, by source and destination.

    Of a collector, those that it got: its kernel forwards them where that is switched on, and the
    bridge then drops what has not the collector's address.
    """
    rows = [line.split() for line in _lines(bed, name)[1:]]
    got = (row for row in rows if name not in _COPIED.values() or row[3] == "0")
    return Counter((row[0], row[1]) for row in got)


@pytest.mark.parametrize(("name", "address"), [("near", NEAR), ("far", FAR)])
def test_both_directions_are_copied_packet_by_packet(
    bed: RoutedBed, name: str, address: str
) -> None:
    collector = _COPIED[name]
    before, copied = seen(bed, name), seen(bed, collector)
    report = ask(bed.workloads["web"], f"http://{address}:8080/", count=20, connections=5)
    assert (report.answered, report.failed) == (20, 0)

    def passed() -> Counter[tuple[str, str]]:
        return seen(bed, name) - before

    def copies() -> Counter[tuple[str, str]]:
        return seen(bed, collector) - copied

    def whole() -> bool:
        there = passed()
        return min(there.values(), default=0) > 20 and copies() == there

    until(whole, lambda: (passed(), copies()))
    assert set(passed()) == {(WEB, address), (address, WEB)}


def test_what_is_denied_has_no_copy(bed: RoutedBed) -> None:
    before = [seen(bed, name) for name in ("tap", "ids")]
    for address in (NEAR, FAR):
        url = f"http://{address}:8081/"
        assert ask(bed.workloads["web"], url, count=1, timeout=0.5).answered == 0
    assert [seen(bed, name) for name in ("tap", "ids")] == before


def test_a_collector_is_reached_by_nobody_for_being_one(bed: RoutedBed) -> None:
    for number in (31, 32):
        url = f"http://10.10.0.{number}:8080/"
        assert ask(bed.workloads["web"], url, count=1, timeout=0.5).answered == 0
