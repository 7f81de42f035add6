"""Real packets that a real bridge drops are told by ``fsdn get drops`` and as metrics, by cause."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.devices.frames import ACK, RST, SYN, Frame, arp_request, encode, read_pcap
from tests.devices.ovs import PrivateOvs
from tests.devices.test_serve_devices import BRIDGE, PORTS, connect, flows
from tests.serving import SHOP, Serving
from tests.waiting import until

pytestmark = pytest.mark.device
WEB, REVIEWS, GATEWAY = "02:00:00:00:01:01", "02:00:00:00:01:02", "02:fd:00:00:00:01"
SHAPED = """
apiVersion: fsdn/v1
kind: Policy
metadata: {name: slow, tenant: shop}
spec:
  from: [{labels: {app: web}}]
  to: [{labels: {app: reviews}}]
  rules:
    - match: {udp: {ports: [7000]}}
      action: allow
      shape: {rate: 80kbps, burst: 80kb}
"""

Drops = dict[tuple[str, str, str], int]  # cause, stage and subject, to packets


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, PrivateOvs]]:
    directory = Path(tmp_path_factory.mktemp("drops"))
    options = ("--envoy=none", "--count-interval=0.2")
    with Serving(directory / "state", *options) as server, PrivateOvs() as ovs:
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        assert server.fsdn("apply", "-f", "-", stdin=SHAPED).returncode == 0
        connect(server, ovs, 1, PORTS[0])
        for port in PORTS[0]:
            if port != "fsdn-tun":
                pcap = f"options:tx_pcap={ovs.directory}/{port}.pcap"
                ovs.vsctl("set", "interface", port, pcap)
        until(lambda: "0xf5d0" in flows(ovs), server.devices)
        until(lambda: server.devices()["bridge/host1"]["state"] == "SYNCED", server.devices)
        yield server, ovs


def _drops(server: Serving) -> Drops:
    done = server.fsdn("get", "drops", "--host", "host1", "-o", "json")
    (host,) = json.loads(done.stdout)
    assert host["counted"]
    return {(d["cause"], d["stage"], d["subject"]): d["packets"] for d in host["drops"]}


def _counted(server: Serving, ovs: PrivateOvs) -> Drops:
    ovs.call("revalidator/purge")  # hands in what the caches have counted
    return _drops(server)


def _put(ovs: PrivateOvs, port: str, data: bytes, times: int = 1) -> None:
    for _ in range(times):
        ovs.call("netdev-dummy/receive", port, data.hex())


def _to(target: str, port: int = 7777, flags: int = SYN, source: str = "10.10.0.11") -> bytes:
    return encode(Frame(WEB, GATEWAY, source, target, 6, 4000 + port, port, flags))


CASES: dict[str, tuple[str, Callable[[], bytes], tuple[str, str, str]]] = {
    "a false address": (
        "web",
        lambda: _to("10.10.0.22", source="10.10.0.99"),
        ("spoofed-source", "spoof(1)", "shop/web"),
    ),
    "a question for nobody": (
        "web",
        lambda: arp_request(WEB, "10.10.0.11", "10.10.0.99"),
        ("unanswered-neighbour", "neighbour(2)", ""),
    ),
    "a question for oneself": (
        "web",
        lambda: arp_request(WEB, "10.10.0.11", "10.10.0.11"),
        ("own-neighbour", "neighbour(2)", "shop/web"),
    ),
    "the middle of no connection": (
        "web",
        lambda: _to("10.10.0.22", flags=RST),
        ("no-connection", "state(11)", ""),
    ),
    "the middle of what was never admitted": (
        "web",
        lambda: _to("10.10.0.22", flags=ACK),
        ("default", "policy(20)", "shop"),
    ),
    "an address of nobody": (
        "web",
        lambda: _to("10.10.0.99"),
        ("unknown-destination", "address(14)", "shop/front"),
    ),
    "another tenant": ("web", lambda: _to("10.30.0.11"), ("isolation", "address(14)", "rival/lan")),
    "no rule": ("web", lambda: _to("10.10.0.22"), ("default", "policy(20)", "shop")),
    "around the proxy": (
        "web",
        lambda: _to("10.10.0.22", 8080),
        ("proxy-only", "policy(20)", "shop/reviews[0]"),
    ),
    "a rule": (
        "reviews-2",
        lambda: encode(Frame(REVIEWS, GATEWAY, "10.10.0.22", "10.10.0.31", 6, 4000, 22, SYN)),
        ("rule", "policy(20)", "shop/stock-closed[0]"),
    ),
    "a service without the port": (
        "web",
        lambda: _to("10.10.0.201", 81),
        ("no-service-port", "virtual(12)", "shop/stock"),
    ),
}


@pytest.mark.parametrize("case", list(CASES))
def test_each_cause_is_counted_where_it_ends(bed: tuple[Serving, PrivateOvs], case: str) -> None:
    server, ovs = bed
    port, make, key = CASES[case]
    before = Counter(_counted(server, ovs))
    _put(ovs, port, make(), 3)

    def more() -> Drops:
        return dict(Counter(_counted(server, ovs)) - before)

    until(lambda: sum(more().values()) >= 3, more)
    assert more() == {key: 3}


def test_a_storm_of_questions_goes_nowhere_and_is_counted(
    bed: tuple[Serving, PrivateOvs],
) -> None:
    server, ovs = bed
    key = ("unanswered-neighbour", "neighbour(2)", "")
    before, left = _counted(server, ovs).get(key, 0), _left(ovs)
    for last in range(100, 200):
        _put(ovs, "web", arp_request(WEB, "10.10.0.11", f"10.10.0.{last}"))
    until(lambda: _counted(server, ovs)[key] == before + 100, lambda: _drops(server))
    assert _left(ovs) == left


def _left(ovs: PrivateOvs) -> dict[str, int]:
    paths = {port: ovs.directory / f"{port}.pcap" for port in PORTS[0]}
    return {port: len(read_pcap(path)) for port, path in paths.items() if path.exists()}


def test_what_a_shape_has_no_room_for_is_counted_by_its_rule(
    bed: tuple[Serving, PrivateOvs],
) -> None:
    server, ovs = bed
    frame = Frame(WEB, GATEWAY, "10.10.0.11", "10.10.0.22", 17, 4000, 7000, 0)
    before = _left(ovs)["reviews-2"]
    _put(ovs, "web", encode(frame) + bytes(1200), 100)
    key = ("shape", "meter", "shop/slow[0]")

    def all_of_them() -> bool:
        return _drops(server).get(key, 0) + _left(ovs)["reviews-2"] - before == 100

    until(all_of_them, lambda: (_drops(server), _left(ovs)))
    assert 0 < _drops(server)[key] < 100


def test_metrics_and_the_table_say_the_same(bed: tuple[Serving, PrivateOvs]) -> None:
    server, ovs = bed
    key = ("unknown-destination", "address(14)", "shop/front")
    count = _counted(server, ovs).get(key, 0) + 1
    _put(ovs, "web", _to("10.10.0.99"))
    until(lambda: _counted(server, ovs).get(key) == count, lambda: _drops(server))
    line = f'fsdn_bridge_dropped_packets_total{{cause="{key[0]}",host="host1"}} {count}.0'
    until(lambda: line in server.ask_text("/metrics"), lambda: server.ask_text("/metrics"))
    shown = server.fsdn("get", "drops", "-o", "wide").stdout
    row = next(row for row in shown.splitlines() if key[0] in row)
    assert re.match(rf"host1/{BRIDGE} +{key[0]} +address\(14\) +shop/front +{count} ", row), row
    assert "no workload or service has the destination address" in row
    assert "tenants.yaml:" in row


def test_a_clause_that_decides_is_a_metric_and_a_row_of_its_rule(
    bed: tuple[Serving, PrivateOvs],
) -> None:
    server, ovs = bed
    name = "shop/slow[0]"
    frame = encode(Frame(WEB, GATEWAY, "10.10.0.11", "10.10.0.22", 17, 4001, 7000, 0))
    before = _hits(server, name)
    _put(ovs, "web", frame, 3)
    until(lambda: _purged_hits(server, ovs, name) == before + 3, lambda: _hits(server, name))
    line = f'fsdn_rule_packets_total{{host="host1",rule="{name}"}} {before + 3}.0'
    until(lambda: line in server.ask_text("/metrics"), lambda: server.ask_text("/metrics"))
    untouched = 'rule="shop/stock[0]"'
    assert untouched not in server.ask_text("/metrics")


def _hits(server: Serving, name: str) -> int:
    rules = json.loads(server.fsdn("get", "rules", "-o", "json").stdout)
    return int(next(rule["packets"] or 0 for rule in rules if rule["name"] == name))


def _purged_hits(server: Serving, ovs: PrivateOvs, name: str) -> int:
    ovs.call("revalidator/purge")
    return _hits(server, name)


def test_a_forgotten_connection_counts_as_lost(bed: tuple[Serving, PrivateOvs]) -> None:
    server, ovs = bed  # last: it counts for the rule that would admit it
    _put(ovs, "web", _to("10.10.0.201", 80, flags=ACK), 3)
    key = ("lost-connection", "commit(25)", "")
    until(lambda: _counted(server, ovs).get(key) == 3, lambda: _drops(server))
