"""A real Envoy and two real bridges pointed at a real ``fsdn serve``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.clients import running_envoy
from tests.devices.envoy import CONFIGS, inside, namespace
from tests.devices.frames import SYN, Frame, encode
from tests.devices.ovs import PrivateOvs
from tests.serving import SHOP, Serving, written
from tests.waiting import until
from translators.envoy.bootstrap import bootstrap

pytestmark = [pytest.mark.device, pytest.mark.root]

EXPECTED = ("bridge/host1", "bridge/host2", "proxy/host1")
BRIDGE = "br-int"
PORTS = (
    {"fsdn-proxy": 1, "fsdn-tun": 2, "web": 3, "reviews-2": 4, "spy": 5},
    {"fsdn-proxy": 1, "fsdn-tun": 2, "reviews-1": 3, "stock": 4, "audit": 5},
)


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
    with running_envoy(config):
        yield


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


@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_everything_is_synced_and_a_restart_writes_nothing(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, network(server, tmp_path) as vswitches:
        applied = server.fsdn("apply", "-f", str(SHOP), "--wait", "acked")
        assert applied.returncode == 0, applied.stderr
        until(lambda: server.in_step(*EXPECTED), server.devices)
        assert all("cookie=0xf5d0" in flows(ovs) for ovs in vswitches)

        changed = server.fsdn("apply", "-f", "-", "--wait", "acked", stdin=FIFTY_FIFTY)
        assert changed.returncode == 0, changed.stderr
        assert "acknowledged by" in changed.stdout
        assert server.in_step(*EXPECTED), server.devices()

        before = [flows(ovs) for ovs in vswitches]
        server.kill()
        server.start()
        until(lambda: server.in_step(*EXPECTED), server.devices)
        found = server.devices()
        assert {name: written(found[name]) for name in EXPECTED} == {name: {0} for name in EXPECTED}
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
        until(lambda: server.in_step(*EXPECTED), server.devices)
        rules = json.loads(server.fsdn("get", "rules", "-o", "json").stdout)
        hits = {rule["name"]: rule["packets"] for rule in rules}
        assert hits["shop/stock[0]"] == 0
        assert hits["shop/stock-closed[0]"] == 0


WEB = ("02:00:00:00:01:01", "10.10.0.11")
REVIEWS = ("02:00:00:00:01:02", "10.10.0.22")


def counted(server: Serving, policy: str) -> tuple[str, str]:
    """Return the packets and bytes that ``fsdn get policy -o wide`` shows."""
    shown = server.fsdn("get", "policy", "-o", "wide").stdout
    line = next(line for line in shown.splitlines() if f" {policy} " in line)
    packets, size = line.split()[-2:]
    return packets, size


def test_policies_show_the_packets_that_real_bridges_counted(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, network(server, tmp_path) as vswitches:
        assert server.fsdn("apply", "-f", str(SHOP), "--wait", "acked").returncode == 0
        until(lambda: server.in_step(*EXPECTED), server.devices)
        assert counted(server, "stock") == ("0", "0")
        first = vswitches[0]
        for number in range(3):  # web may, at its own bridge
            syn = encode(_syn(*WEB, 40000 + number))
            first.call("netdev-dummy/receive", "web", syn.hex())
        for number in range(2):  # reviews may not
            syn = encode(_syn(*REVIEWS, 40000 + number))
            first.call("netdev-dummy/receive", "reviews-2", syn.hex())
        size = len(encode(_syn(*WEB, 1)))
        until(lambda: counted(server, "stock")[0] == "3", lambda: _counts(server, first))
        assert counted(server, "stock") == ("3", str(3 * size))
        assert counted(server, "stock-closed") == ("2", str(2 * size))


def _counts(server: Serving, ovs: PrivateOvs) -> str:
    met = [
        line for line in ovs.ofctl("dump-flows", BRIDGE).splitlines() if "n_packets=0," not in line
    ]
    return "\n".join([server.fsdn("get", "policy", "-o", "wide").stdout, *met])


def _syn(mac: str, address: str, port: int) -> Frame:
    """Return the first packet of a connection to the stock service."""
    return Frame(mac, "02:00:00:00:00:01", address, "10.10.0.201", 6, port, 80, SYN)
