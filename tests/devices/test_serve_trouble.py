"""Real bridges in trouble at a real ``fsdn serve``: each ends in a named state and right flows."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.frames import encode
from tests.devices.ovs import OvsError, PrivateOvs
from tests.devices.ovs_bridge import RestartableOvs
from tests.devices.test_serve_bridges import BEHIND, apply, managed, serving, state, warnings
from tests.devices.test_serve_devices import BRIDGE, PORTS, WEB, _syn, connect, flows
from tests.serving import Serving
from tests.waiting import until

pytestmark = pytest.mark.device


def served(server: Serving, ovs: PrivateOvs, number: int = 1) -> None:
    connect(server, ovs, number, PORTS[number - 1])
    name = f"bridge/host{number}"
    until(lambda: state(server, name) == "SYNCED" and "0xf5d0" in flows(ovs), server.devices)


@contextmanager
def frozen(ovs: PrivateOvs) -> Iterator[None]:
    """Stop ovs-vswitchd as an overloaded machine would."""
    vswitchd = ovs._processes[-1].pid
    os.kill(vswitchd, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(vswitchd, signal.SIGCONT)


def test_a_port_that_vanishes_in_the_middle_of_a_change(tmp_path: Path) -> None:
    with serving(tmp_path) as server, PrivateOvs() as ovs:
        apply(server)
        served(server, ovs)
        assert "in_port=3" in flows(ovs)
        with frozen(ovs):  # the change is sent, and the port goes before any of it is read
            assert server.fsdn("delete", "policy/shop/stock").returncode == 0
            until(lambda: state(server) in BEHIND, server.devices)
            ovs.vsctl("--no-wait", "del-port", BRIDGE, "web")
        until(lambda: state(server) == "SYNCED" and "in_port=3" not in flows(ovs), server.devices)
        (line,) = server.fsdn("drift", "--host", "host1").stdout.splitlines()[1:]
        assert "port web of shop/web" in line
        assert "workloads.yaml:" in line


def test_a_slow_bridge_holds_up_no_fast_one(tmp_path: Path) -> None:
    with serving(tmp_path) as server, PrivateOvs() as fast, PrivateOvs() as slow:
        apply(server)
        served(server, fast, 1)
        served(server, slow, 2)
        before = flows(fast), flows(slow)
        with frozen(slow):
            assert server.fsdn("delete", "policy/shop/stock").returncode == 0
            until(lambda: flows(fast) != before[0], server.devices)
            until(lambda: state(server) == "SYNCED", server.devices)
            found = server.devices()["bridge/host2"]["state"]
            assert found in BEHIND, found
        until(lambda: state(server, "bridge/host2") == "SYNCED", server.devices)
        assert flows(slow) != before[1]
        assert server.fsdn("drift").returncode == 0


def test_a_vswitch_restarted_under_traffic_is_served_whole_again(tmp_path: Path) -> None:
    with serving(tmp_path) as server, RestartableOvs() as ovs:
        apply(server)
        served(server, ovs)
        before = flows(ovs)
        with traffic(ovs) as sent:
            until(lambda: sent[0] > 20, lambda: sent)
            ovs.restart_vswitchd()
            # It may be back before anybody looks, so wait for what it came back without.
            until(lambda: flows(ovs) == before, lambda: flows(ovs))
            again = sent[0]
            until(lambda: sent[0] > again + 20, lambda: sent)
        until(lambda: state(server) == "SYNCED", server.devices)
        assert server.fsdn("drift", "--host", "host1").returncode == 0
        until(lambda: _stock(server) > 0, lambda: _stock(server))


@contextmanager
def traffic(ovs: RestartableOvs) -> Iterator[list[int]]:
    """Let the shop's web open connections to the stock all the time; yields how many it tried."""
    sent, over = [0], threading.Event()

    def send() -> None:
        while not over.is_set():
            packet = encode(_syn(*WEB, 10_000 + sent[0] % 50_000)).hex()
            try:
                ovs.call("netdev-dummy/receive", "web", packet)
                sent[0] += 1
                time.sleep(0.005)
            except (OvsError, OSError, AttributeError):
                time.sleep(0.05)  # it is being restarted

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


def _stock(server: Serving) -> int:
    """Return how many packets the stock's rule admitted since the vswitch came back."""
    return max(
        rule["packets"] or 0 for rule in server.ask("/v1/rules") if rule["name"] == "shop/stock[0]"
    )


def test_a_database_that_restarts_touches_no_flow(tmp_path: Path) -> None:
    with serving(tmp_path) as server, RestartableOvs() as ovs:
        apply(server)
        served(server, ovs)
        managed(server, ovs)
        until(lambda: _bridges(server) == [BRIDGE], server.devices)
        before = flows(ovs)
        ovs.restart_ovsdb()
        until(lambda: "its OVSDB session has ended" in warnings(server), server.devices)
        assert state(server) == "SYNCED"
        ovs.follow_managers()
        until(lambda: "OVSDB session" not in warnings(server), server.devices)
        assert flows(ovs) == before


def _bridges(server: Serving) -> list[str]:
    return [one["bridge"] for one in server.ask("/v1/bridges") if one["bridge"]]
