"""Hosts, proxies and switches die or are cut off under load; what is lost is counted and bounded.

Each bound is what was measured on two shared cores (docs/compose.md), with room for a slower run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from integration.bed.build import until
from integration.bed.fabric import BedSwitch
from integration.bed.traffic import Report, probing
from integration.engine import captures
from integration.engine.stand import Stand
from integration.scenarios.fabric import LONGEST, busiest, silence
from integration.scenarios.shop import STOCK
from tests.containers.counting import (
    BACK,
    KIOSK,
    TESTER,
    Record,
    answered,
    counted,
    loaded,
    lossless,
    probed,
    settled,
)

pytestmark = [pytest.mark.containers]
AWAY = 2.0  # seconds that what is cut off stays away
ENVOY_LOST = 8  # of four connections until the agent has started Envoy again: two of each
SPINE_MS = 500.0  # its sessions end with its processes: nobody waits for BFD
RESTART_LOST = 12  # of four connections, which wait 5 s for each: three of each
PATIENCE = 5.0  # seconds that a client waits for an answer
# Connections that a proxy had to a host as it was may each cost one request.
POOLED = 8
PROXIED = "web, host1, to reviews on host2 and host1 (L7)"
BRIDGED = "web, host1, to stock on host2 (L4)"
BARE = "bare port to bare port, over the leaves (UDP)"
AROUND_HOST1 = "kiosk, host3, to stock on host2 (L4)"
AROUND_HOST2 = "kiosk, host3, to reviews-2 on host1 (L7)"


def test_an_envoy_is_killed(stand: Stand, record_property: Record) -> None:
    host, event = stand.containers()["host1"], "Envoy of host1 killed"
    with loaded(stand) as stop, loaded(stand, STOCK, KIOSK) as stop_around:
        killed = host.exec_run(["pkill", "-KILL", "-x", "envoy"])
        assert killed.exit_code == 0
        answered(stand)
        report = counted(record_property, event, PROXIED, stop())
        around = counted(record_property, event, AROUND_HOST1, stop_around())
    assert report.failed <= ENVOY_LOST, report.failures
    lossless(around)
    settled(stand)


def test_a_host_is_cut_off_from_the_controller(stand: Stand, record_property: Record) -> None:
    host = stand.bed.layout.namespace("host1")
    subnet = f"{stand.given['FSDN_MANAGEMENT']}.0/24"
    [link] = json.loads(host.run("ip", "-j", "addr", "show", "to", subnet))
    with loaded(stand) as stop:
        host.ip(f"link set {link['ifname']} down")
        time.sleep(3 * AWAY)
        host.ip(f"link set {link['ifname']} up")
        settled(stand)
        event = "host1 without the management network for 6 s"
        lossless(counted(record_property, event, PROXIED, stop()))


def test_a_host_is_cut_off_from_the_fabric(stand: Stand, record_property: Record) -> None:
    namespace, event = stand.bed.layout.namespace("host2"), "host2 without the fabric for 2 s"
    around_host2 = loaded(stand, client=KIOSK, header=TESTER)
    with loaded(stand, STOCK) as stop, around_host2 as stop_around:
        namespace.ip("link set fabric down")
        time.sleep(AWAY)
        namespace.ip("link set fabric up")
        answered(stand, STOCK)
        report = counted(record_property, event, BRIDGED, stop())
        around = counted(record_property, event, AROUND_HOST2, stop_around())
    assert report.gap_ms > AWAY * 1000 * 0.8
    lossless(around)
    settled(stand)


def test_a_spine_dies(stand: Stand, record_property: Record) -> None:
    spines = stand.containers()

    def restart(name: str) -> None:
        spines[name].start()
        captures.resume(spines[name])
        settled(stand)

    event = "the spine that carries most killed"
    seen, report = _without_spine(
        stand, record_property, event, lambda name: spines[name].kill(), restart
    )
    assert seen["gap_ms"] < SPINE_MS
    assert report.gap_ms < SPINE_MS


def test_a_spine_falls_silent(stand: Stand, record_property: Record) -> None:
    """Its links stay up and carry nothing: BFD finds it, after three times 300 ms."""
    spines = stand.bed.switches

    def speak(name: str) -> None:
        spines[name].namespace.run("nft", "delete", "table", "inet", "silence")

    event = "the spine that carries most falls silent"
    seen, _ = _without_spine(
        stand, record_property, event, lambda name: silence(spines[name]), speak
    )
    assert seen["answered"] < seen["sent"], "it did not carry what was probed"
    assert seen["gap_ms"] < LONGEST


def _without_spine(
    stand: Stand,
    record_property: Record,
    event: str,
    lose: Callable[[str], object],
    mend: Callable[[str], object],
) -> tuple[dict[str, Any], Report]:
    """Lose the spine that carries most and mend it; return what probes and requests saw.

    No request fails, no probed flow stays lost, and the leaf's routes come back.
    """
    bed = stand.bed
    near, far = bed.layout.bare_ports()
    leaf = bed.switches[near.switch]
    with (
        probing(bed.layout.namespace(near.name), str(far.address.ip)) as stop_probes,
        loaded(stand, STOCK) as stop,
    ):
        name = busiest(bed, leaf)
        routes = _routes(leaf, name)
        lose(name)
        time.sleep(2 * AWAY)
        seen = stop_probes()
        report = counted(record_property, event, BRIDGED, stop())
    probed(record_property, event, BARE, seen)
    mend(name)
    until(lambda: _routes(leaf, name) == routes, f"no routes come back by {name}", BACK)
    assert seen["alive"] == seen["flows"]
    lossless(report)
    return seen, report


def _routes(leaf: BedSwitch, spine: str) -> int:
    """Return in how many of a leaf's routes a spine is a next hop."""
    return leaf.namespace.run("ip", "route").count(f" dev {spine} ")


def test_a_host_s_container_restarts(stand: Stand, record_property: Record) -> None:
    """Comes last: a proxy's idle connections to the host as it was stay in its pool for a while."""
    host, event = stand.containers()["host2"], "host2's container restarted"
    around_host2 = loaded(stand, client=KIOSK, header=TESTER)
    with loaded(stand, STOCK) as stop, around_host2 as stop_around:
        host.restart(timeout=3)
        captures.resume(host)
        settled(stand)
        answered(stand, STOCK)
        report = counted(record_property, event, BRIDGED, stop())
        lossless(counted(record_property, event, AROUND_HOST2, stop_around()))
    assert report.failed <= RESTART_LOST, report.failures
    with loaded(stand, STOCK) as stop:
        time.sleep(2)
        lossless(counted(record_property, "after it", BRIDGED, stop()))
    with loaded(stand) as stop:
        time.sleep(PATIENCE + 2)
        report = counted(record_property, "after it", PROXIED, stop())
    assert report.failed <= POOLED, report.failures
