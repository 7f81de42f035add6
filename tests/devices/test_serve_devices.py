"""A real Envoy and two real bridges pointed at a real ``fsdn serve``."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.devices.envoy import CONFIGS, ENVOY, inside, namespace
from tests.devices.ovs import PrivateOvs
from tests.serving import SHOP, Serving
from translators.envoy.bootstrap import bootstrap

pytestmark = [pytest.mark.device, pytest.mark.root]

EXPECTED = ("bridge/host1", "bridge/host2", "proxy/host1")
BRIDGE = "br-int"
PORTS = (
    {"fsdn-proxy": 1, "fsdn-tun": 2, "web": 3, "reviews-2": 4, "spy": 5},
    {"fsdn-proxy": 1, "fsdn-tun": 2, "reviews-1": 3, "stock": 4, "audit": 5},
)


def until(holds: Callable[[], bool], what: Callable[[], object], patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


@contextmanager
def proxy(directory: Path, node: str, port: int) -> Iterator[None]:
    config = directory / f"{node}.yaml"
    config.write_text(
        bootstrap(
            (CONFIGS / "node-proxy.yaml").read_text(),
            node=node,
            controller_host="127.0.0.1",
            controller_port=port,
            admin=str(directory / "admin"),
        )
    )
    with (directory / f"{node}.log").open("w") as log:
        argv = [ENVOY, "-c", str(config), "--concurrency", "1", "--disable-hot-restart"]
        process = subprocess.Popen([*argv, "-l", "warning"], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def network(server: Serving, directory: Path) -> Iterator[list[PrivateOvs]]:
    """Two hosts: a vswitch each, and Envoy on the first, where requests are captured."""
    with PrivateOvs() as one, PrivateOvs() as two, proxy(directory, "host1", server.port("xds")):
        for number, (ovs, ports) in enumerate(zip((one, two), PORTS, strict=True), 1):
            connect(server, ovs, number, ports)
        yield [one, two]


def connect(server: Serving, ovs: PrivateOvs, number: int, ports: dict[str, int]) -> None:
    ovs.add_bridge(BRIDGE, ports, f"other_config:datapath-id={number:016x}")
    ovs.vsctl("set-controller", BRIDGE, f"tcp:127.0.0.1:{server.port('openflow')}")
    ovs.vsctl("set-manager", f"tcp:127.0.0.1:{server.port('ovsdb')}")


def flows(ovs: PrivateOvs) -> str:
    return ovs.ofctl("dump-flows", BRIDGE, "--no-stats", "--no-names")


def synced(server: Serving) -> bool:
    found = server.devices()
    return all(found[name]["state"] == "SYNCED" and found[name]["types"] for name in EXPECTED)


def written(device: dict[str, Any]) -> set[int | None]:
    return {kind["written"] for kind in device["types"]}


def test_everything_is_synced_and_a_restart_writes_nothing(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, network(server, tmp_path) as vswitches:
        applied = server.fsdn("apply", "-f", str(SHOP), "--wait", "acked")
        assert applied.returncode == 0, applied.stderr
        until(lambda: synced(server), server.devices)
        assert all("cookie=0xf5d0" in flows(ovs) for ovs in vswitches)

        changed = server.fsdn("apply", "-f", "-", "--wait", "acked", stdin=FIFTY_FIFTY)
        assert changed.returncode == 0, changed.stderr
        assert "acknowledged by" in changed.stdout
        assert synced(server), server.devices()

        before = [flows(ovs) for ovs in vswitches]
        server.kill()
        server.start()
        until(lambda: synced(server), server.devices)
        found = server.devices()
        assert {name: written(found[name]) for name in EXPECTED} == dict.fromkeys(EXPECTED, {0})
        assert [flows(ovs) for ovs in vswitches] == before
        assert server.stop() == 0


FIFTY_FIFTY = (
    (SHOP / "policies.yaml")
    .read_text()
    .replace("weight: 90", "weight: 50")
    .replace("weight: 10", "weight: 50")
)


def test_a_port_that_comes_later_is_programmed(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, PrivateOvs() as ovs:
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        connect(server, ovs, 1, {"fsdn-proxy": 1})
        until(lambda: server.devices()["bridge/host1"]["state"] == "SYNCED", server.devices)
        assert "in_port=7" not in flows(ovs)

        add = ["--", "set", "interface", "web", "type=dummy", "ofport_request=7"]
        ovs.vsctl("add-port", BRIDGE, "web", *add)
        until(lambda: "in_port=7" in flows(ovs), lambda: flows(ovs))


def test_rules_count_what_bridges_saw(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, network(server, tmp_path):
        assert server.fsdn("apply", "-f", str(SHOP), "--wait", "acked").returncode == 0
        until(lambda: synced(server), server.devices)
        rules = json.loads(server.fsdn("get", "rules", "-o", "json").stdout)
        hits = {rule["name"]: rule["packets"] for rule in rules}
        assert hits["shop/stock[0]"] == 0
        assert hits["shop/stock-closed[0]"] == 0
