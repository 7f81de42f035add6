"""Real bridges at a real ``fsdn serve``: set up by one line, compared, mended, and told apart."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.devices.ovs import PrivateOvs
from tests.devices.ovs_bridge import RestartableOvs
from tests.devices.test_serve_devices import BRIDGE, PORTS, connect, flows
from tests.serving import SHOP, Serving
from tests.waiting import until

pytestmark = pytest.mark.device
HOST, STRANGER = "bridge/host1", "00000000000000bb"
BEHIND = ("STALE", "DISCONNECTED")  # of a bridge that is told and does not answer
SPARED = "--openflow-spared-tables=200-210"


def state(server: Serving, name: str = HOST) -> str:
    return str(server.devices().get(name, {}).get("state"))


def warnings(server: Serving, name: str = HOST) -> str:
    return " | ".join(server.devices().get(name, {}).get("warnings", []))


def serving(directory: Path, *options: str) -> Serving:
    return Serving(directory / "state", "--envoy=none", *options)


def apply(server: Serving) -> None:
    done = server.fsdn("apply", "-f", str(SHOP))
    assert done.returncode == 0, done.stderr


def managed(server: Serving, ovs: RestartableOvs) -> None:
    """Let a database follow its managers, and give it ours: the one line of an operator."""
    ovs.follow_managers()
    ovs.vsctl("set-manager", f"tcp:127.0.0.1:{server.port('ovsdb')}")


def test_one_line_sets_a_bridge_up_and_undeclared_ones_get_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, "--prepare-bridges") as server, RestartableOvs() as ovs:
        apply(server)
        number = "other_config:datapath-id=0000000000000001"
        ovs.add_bridge(BRIDGE, {"web": 3, "reviews-2": 4, "spy": 5}, "fail_mode=standalone", number)
        ovs.add_bridge(
            "br-ex", {"wan": 1}, "fail_mode=standalone", f"other_config:datapath-id={STRANGER}"
        )
        managed(server, ovs)
        until(lambda: state(server) == "SYNCED" and "0xf5d0" in flows(ovs), server.devices)
        assert ovs.vsctl("get-fail-mode", BRIDGE).strip() == "secure"
        assert ovs.vsctl("get", "interface", "fsdn-tun", "type").strip() == "vxlan"
        target = f"tcp:127.0.0.1:{server.port('ovsdb')}"  # which its database tells a moment later
        until(lambda: target in _wide(server)[0], lambda: _wide(server))
        shown = _wide(server)
        assert [line.split()[:4] for line in shown] == [
            ["0000000000000001", "host1", "SYNCED", BRIDGE],
            ["0000000000000002", "host2", "NEVER", "-"],
            [STRANGER, "-", "UNKNOWN", "br-ex"],
        ]
        assert ovs.vsctl("get-fail-mode", "br-ex").strip() == "standalone"
        assert ovs.vsctl("get-controller", "br-ex").strip() == ""
        ovs.vsctl("set-controller", "br-ex", f"tcp:127.0.0.1:{server.port('openflow')}")
        until(lambda: state(server, f"bridge/{STRANGER}") == "UNKNOWN", server.devices)
        assert "cookie=0xf5d0" not in ovs.ofctl("dump-flows", "br-ex")
        assert STRANGER in server.fsdn("status").stdout


def _wide(server: Serving) -> list[str]:
    """Return the rows of the bridges that the server lists."""
    return server.fsdn("get", "bridges", "-o", "wide").stdout.splitlines()[1:]


def test_drift_is_listed_by_the_policy_line_and_mended(tmp_path: Path) -> None:
    with serving(tmp_path, SPARED, "--drift-interval=0.2") as server, PrivateOvs() as ovs:
        apply(server)
        connect(server, ovs, 1, PORTS[0])
        until(lambda: state(server) == "SYNCED" and "0xf5d0" in flows(ovs), server.devices)
        before = flows(ovs)
        assert server.fsdn("drift").returncode == 0
        victim = next(line for line in before.splitlines() if "ct_state" in line)
        table = re.search(r"table=(\d+)", victim)
        assert table
        ovs.ofctl("del-flows", BRIDGE, f"table={table[1]}")
        gone = len(re.findall(rf"^ *cookie=\w+, table={table[1]},", before, re.MULTILINE))
        ovs.add_flows(BRIDGE, "table=0,priority=65000,cookie=0x77,arp,actions=NORMAL")
        ovs.add_flows(BRIDGE, "table=205,cookie=0x78,arp,actions=drop")
        until(lambda: "differ from what they should be" in warnings(server), server.devices)
        found = server.fsdn("drift", "--host", "host1", "-o", "json")
        (host,) = json.loads(found.stdout)
        kinds = [d["kind"] for d in host["differences"]]
        assert (found.returncode, kinds.count("missing"), kinds.count("foreign")) == (1, gone, 1)
        foreign = next(d["what"] for d in host["differences"] if d["kind"] == "foreign")
        assert foreign == "flow cookie=0x77,table=0,priority=65000,eth_type=0x0806"
        metrics = server.ask_text("/metrics")
        assert f'fsdn_bridge_drift_flows{{host="host1",kind="missing"}} {gone}.0' in metrics
        mended = server.fsdn("drift", "--fix", "--host", "host1")
        assert mended.returncode == 0, mended.stdout + mended.stderr
        after = [line for line in flows(ovs).splitlines() if "cookie=0x78" not in line]
        assert sorted(after) == sorted(before.splitlines())
        assert "cookie=0x78" in flows(ovs)  # a spared table is not ours
        until(lambda: "differ" not in warnings(server), server.devices)


def test_a_second_bridge_with_the_same_number_is_a_state_and_changes_nothing(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server, PrivateOvs() as one, PrivateOvs() as two:
        apply(server)
        connect(server, one, 1, PORTS[0])
        until(lambda: state(server) == "SYNCED" and "0xf5d0" in flows(one), server.devices)
        held = flows(one)
        connect(server, two, 1, PORTS[0])
        until(lambda: "a second bridge with datapath id" in warnings(server), server.devices)
        assert state(server) == "SYNCED"
        assert flows(one) == held
        assert "0xf5d0" not in flows(two)


def test_a_full_table_is_a_refusal_that_leaves_the_old_flows(tmp_path: Path) -> None:
    with serving(tmp_path) as server, PrivateOvs() as ovs:
        apply(server)
        connect(server, ovs, 1, PORTS[0])
        until(lambda: state(server) == "SYNCED" and "0xf5d0" in flows(ovs), server.devices)
        held = flows(ovs)
        place = [f"flow_tables:{table}=@full" for table in range(60)]
        full = ["--id=@full", "create", "flow_table", "flow_limit=1", "overflow_policy=refuse"]
        ovs.vsctl("--", *full, "--", "set", "bridge", BRIDGE, *place)
        text = (SHOP / "workloads.yaml").read_text()
        more = text.split("---")[0] if text.startswith("apiVersion") else text.split("---")[1]
        more = re.sub(r"name: [\w-]+", "name: another", more, count=1)
        more = re.sub(r"addresses: .*", "addresses: [10.10.0.99]", more)
        more = re.sub(r"mac: .*", 'mac: "02:00:00:00:01:99"', more)
        more = re.sub(r"port: .*", "port: another", more)
        assert server.fsdn("apply", "-f", "-", stdin=more).returncode == 0
        until(lambda: state(server) == "NACKED", server.devices)
        shown = server.fsdn("status")
        assert re.search(r"\(\S+:\d+\): FLOW_MOD_FAILED TABLE_FULL", shown.stderr), shown.stderr
        assert flows(ovs) == held
        ovs.vsctl("clear", "bridge", BRIDGE, "flow_tables")


def test_a_controller_killed_in_the_middle_leaves_all_or_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server, PrivateOvs() as ovs:
        apply(server)
        connect(server, ovs, 1, PORTS[0])
        until(lambda: state(server) == "SYNCED" and "0xf5d0" in flows(ovs), server.devices)
        held = flows(ovs)
        vswitchd = ovs._processes[-1].pid
        os.kill(vswitchd, signal.SIGSTOP)  # so that the bundle is sent and never answered
        try:
            assert server.fsdn("delete", "policy/shop/stock").returncode == 0
            until(lambda: state(server) in BEHIND, server.devices)
            server.kill()
        finally:
            os.kill(vswitchd, signal.SIGCONT)
        until(lambda: "is_connected=false" in _controller(ovs), lambda: _controller(ovs))
        assert flows(ovs) == held  # nothing was committed without the second half
        server.start()
        until(lambda: state(server) == "SYNCED", server.devices)
        assert flows(ovs) != held
        assert server.fsdn("drift", "--host", "host1").returncode == 0


def _controller(ovs: PrivateOvs) -> str:
    return "is_connected=" + ovs.vsctl("get", "controller", BRIDGE, "is_connected").strip()


def test_a_second_controller_fences_off_the_first(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with serving(tmp_path / "a") as old, PrivateOvs() as ovs:
        apply(old)
        connect(old, ovs, 1, PORTS[0])
        until(lambda: state(old) == "SYNCED" and "0xf5d0" in flows(ovs), old.devices)
        with serving(tmp_path / "b") as new:
            apply(new)
            targets = [f"tcp:127.0.0.1:{each.port('openflow')}" for each in (old, new)]
            ovs.vsctl("set-controller", BRIDGE, *targets)
            until(lambda: state(new) == "SYNCED", new.devices)
            until(lambda: "a newer controller owns the bridge" in warnings(old), old.devices)
            held = flows(ovs)
            assert old.fsdn("delete", "policy/shop/stock").returncode == 0
            until(lambda: state(old) == "DISCONNECTED", old.devices)
            assert flows(ovs) == held
            assert state(new) == "SYNCED"
        old.kill()
        old.start()  # a restart is later than the other's
        until(lambda: state(old) == "SYNCED", old.devices)
        assert "newer controller" not in warnings(old)


def test_a_workload_is_found_by_its_iface_id_and_followed(tmp_path: Path) -> None:
    with serving(tmp_path) as server, RestartableOvs() as ovs:
        texts = {path.name: path.read_text() for path in SHOP.glob("*.yaml")}
        named = texts["workloads.yaml"].replace("port: web", "port: iface-id=vm/6f2b-77")
        assert named != texts["workloads.yaml"]
        folder = tmp_path / "shop"
        folder.mkdir()
        for name, text in {**texts, "workloads.yaml": named}.items():
            (folder / name).write_text(text)
        done = server.fsdn("apply", "-f", str(folder))
        assert done.returncode == 0, done.stderr
        connect(server, ovs, 1, {"tap7": 7, "tap8": 8})
        ovs.follow_managers()
        until(lambda: state(server) == "SYNCED", server.devices)
        assert "in_port=7" not in flows(ovs)
        ovs.vsctl("set", "interface", "tap7", "external_ids:iface-id=vm/6f2b-77")
        until(lambda: "in_port=7" in flows(ovs), lambda: flows(ovs))
        moved = ("--", "set", "interface", "tap8", "external_ids:iface-id=vm/6f2b-77")
        ovs.vsctl("clear", "interface", "tap7", "external_ids", *moved)
        until(lambda: _ports(ovs) & {"7", "8"} == {"8"}, lambda: flows(ovs))


def _ports(ovs: PrivateOvs) -> set[str]:
    """Return the ports that flows are about."""
    return set(re.findall(r"in_port=(\d+)", flows(ovs)))
