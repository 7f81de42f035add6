"""Hosts that forget their connections: what was open goes on, or is ended at once for both ends.

Each test prints how long it took, and what was lost of a load.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from integration.bed.traffic import Report, ask, load
from integration.bed.vswitch import Vswitch
from tests.devices.session_ends import Session, entered
from tests.devices.sessions_bed import Bed, bed
from tests.devices.sessions_policy import ADDRESSES, TARGET, VIP, policy
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]

DIRECT = """---
apiVersion: fsdn/v1
kind: Policy
metadata: {name: direct, tenant: shop}
spec:
  from: [{any: true}]
  to: [{workload: db}]
  rules: [{match: {tcp: {ports: [8080]}}, action: allow}]
"""
HTTP = policy(rules="[{match: {http: {path: {prefix: /}}}, action: allow}]")
URL = f"http://{VIP}/"
POOL = 8  # connections that the proxy has open
AWAY = 1.5  # seconds that a host is away


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    with bed(2) as made:
        made.apply(policy(), DIRECT)
        yield made


def _forget(vswitch: Vswitch) -> None:
    vswitch.appctl("dpctl/flush-conntrack")


def _direct(two: Bed, client: str = "web") -> Session:
    with entered(two.namespaces[client]):
        one = socket.create_connection((ADDRESSES["db"], TARGET), timeout=20)
    other, _ = two.listeners["db"].accept()
    other.settimeout(20)
    return Session(one, other)


def test_what_another_host_sends_goes_on_where_its_receiver_has_forgotten(two: Bed) -> None:
    one, by_service = _direct(two), two.connect()
    assert one.speaks()
    assert by_service.speaks()
    _forget(two.hosts["host2"])
    assert one.speaks()
    assert by_service.speaks()
    with entered(two.core):
        two.server.kill()
    _forget(two.hosts["host2"])
    assert one.speaks()  # the bridges alone see to it
    with entered(two.core):
        two.server.start()
    two.until_synced()


def test_the_vswitch_of_the_receiver_restarts_and_sessions_live(two: Bed) -> None:
    one, by_service = _direct(two), two.connect()
    with two.away("host2"):
        pass
    began = time.monotonic()
    assert one.speaks()
    assert by_service.speaks()
    print(f"a session speaks {time.monotonic() - began:.2f} s after its receiver's vswitch")


def test_an_endpoint_that_is_a_new_one_resets_what_its_predecessor_had(two: Bed) -> None:
    one, by_service = _direct(two), two.connect()
    with two.away("host2"):
        one.server.close()
        by_service.server.close()
        time.sleep(0.5)  # their FINs are lost
    two.until_synced()
    for session in (one, by_service):
        began = time.monotonic()
        with contextlib.suppress(BlockingIOError):
            session.client.send(b"x")
        with pytest.raises(ConnectionResetError):
            session.client.recv(100)
        print(f"reset {1000 * (time.monotonic() - began):.0f} ms after it spoke")


def test_who_sends_is_told_that_its_own_host_has_forgotten(two: Bed) -> None:
    one, by_service, other = _direct(two), two.connect(), _direct(two, "other")
    _forget(two.hosts["host1"])
    told = one.reset_after("client")
    assert told.keys() == {"client", "server"}, told
    assert max(told.values()) < 2000, told
    assert by_service.reset_after("client", 2.0).keys() == {"client"}  # the endpoint is forgotten
    print("reset in ms:", told)
    two.apply(policy(sources="[{labels: {app: web}}]"))
    assert other.reset_after("client", 1.0) == {}, "what policy denies was answered"
    two.apply(policy(), DIRECT)
    fresh = _direct(two)
    assert fresh.speaks()


@contextlib.contextmanager
def _served(two: Bed) -> Iterator[subprocess.Popen[bytes]]:
    """Let the endpoint answer HTTP."""
    argv = [sys.executable, "-m", "integration.bed.server", "db", f"--port={TARGET}"]
    argv += [f"--host={ADDRESSES['db']}"]
    process = two.namespaces["db"].spawn(argv, two.directory / "db.log", os.environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _settled(two: Bed) -> None:
    until(lambda: _four(two).statuses == {"200": 4}, lambda: _four(two))


def _four(two: Bed) -> Report:
    return ask(two.namespaces["web"], URL, 4, timeout=1.0)


def _pooled(two: Bed) -> Report:
    """Make the proxy open connections to the endpoint, and use those that it has."""
    with load(two.namespaces["web"], URL, POOL, 0.02) as stop:
        time.sleep(2)
        return stop()


@pytest.fixture(scope="module")
def proxied(two: Bed) -> Bed:
    """The same hosts with a proxy on the first; the endpoint on the second answers HTTP."""
    two.apply(HTTP, protocol="http")
    two.listeners.pop("db").close()
    two.listeners["db"] = socket.socket()  # the workload goes on to be of the service
    two.start_agent(1)
    return two


def test_a_load_on_a_restarted_host_loses_no_request(proxied: Bed) -> None:
    two = proxied
    with contextlib.ExitStack() as served:
        old = served.enter_context(_served(two))
        _settled(two)
        with load(two.namespaces["web"], URL, 4, 0.01) as stop:
            time.sleep(1)
            with two.away("host2"):
                old.kill()
                time.sleep(AWAY)
                served.enter_context(_served(two))
            _settled(two)
            time.sleep(1)
            report = stop()
    print(f"a restarted host under load: {report}")
    _lossless(report)
    assert report.gap_ms > AWAY * 1000  # it was away


def test_the_idle_connections_to_a_restarted_host_cost_no_request(proxied: Bed) -> None:
    two = proxied
    with contextlib.ExitStack() as served:
        old = served.enter_context(_served(two))
        _settled(two)
        assert _pooled(two).failed == 0
        with two.away("host2"):
            old.kill()
            time.sleep(AWAY)
            served.enter_context(_served(two))
        two.until_synced()
        report = _pooled(two)
    print(f"the idle connections to a restarted host: {report}")
    _lossless(report)


def test_a_proxy_gives_up_the_idle_connections_to_a_silent_host(proxied: Bed) -> None:
    two = proxied
    with _served(two):
        _settled(two)
        assert _pooled(two).failed == 0
        assert _open(two) > 0
        with two.away("host2"):
            began = time.monotonic()
            until(lambda: not _open(two), lambda: f"{_open(two)} connections to a dead host")
            print(f"given up after {time.monotonic() - began:.1f} s")
        _settled(two)


def _open(two: Bed) -> int:
    """Return how many connections the proxy has to the service's endpoints."""
    socket_file = str(two.directory / "agent1" / "admin.sock")
    url = "http://admin/stats?filter=upstream_cx_active&usedonly"
    argv = ["curl", "-sSf", "-m", "5", "--unix-socket", socket_file, url]
    told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    pairs = [line.split(": ") for line in told.splitlines() if "shop/db" in line]
    return sum(int(value) for _, value in pairs)


def _lossless(report: Report) -> None:
    assert (report.failed, set(report.statuses)) == (0, {"200"}), report
    assert report.answered > 100
