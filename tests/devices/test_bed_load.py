"""Two hosts under load: nothing is lost while policy changes, or while the server is gone.

`make bed-load` sets FSDN_ENDURANCE=full, which is 200 flips and a server that is gone for a minute.
Every test prints its counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.devices.session_ends import Session, entered
from tests.devices.sessions_bed import BRIDGE, Bed, bed, killed, vswitch_pid
from tests.devices.sessions_policy import ADDRESSES
from tests.devices.streams import RATE, Datagrams, iperf
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.device, pytest.mark.root]

_FULL = os.environ.get("FSDN_ENDURANCE") == "full"
FLIPS = 200 if _FULL else 60
GONE = 60.0 if _FULL else 5.0  # seconds without a server
PORT, DB = 7007, ADDRESSES["db"]
LOAD = """---
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: {name}, tenant: shop}}
spec:
  from: {sources}
  to: [{{workload: db}}]
  rules:
    - {{match: {{udp: {{ports: [7007]}}}}, action: allow}}
    - {{match: {{tcp: {{ports: [5201, 8080]}}}}, action: allow}}
"""
SIDES = (
    LOAD.format(name="load", sources="[{labels: {app: web}}]"),
    LOAD.format(name="load", sources="[{any: true}]"),
    LOAD.format(name="other", sources="[{workload: web}, {workload: other}]"),
)


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    """Two hosts; the server of all streams is on the second, their clients on the first."""
    with bed(2) as made:
        made.apply(SIDES[0])
        for vswitch in made.hosts.values():
            _hurry(vswitch_pid(vswitch))
        yield made


def _hurry(pid: int) -> None:
    """Let a vswitch have a core whenever it wants one: its queues are full after 50 ms without."""
    os.setpriority(os.PRIO_PROCESS, pid, -20)
    with contextlib.suppress(OSError):  # a kernel without groups of sessions
        Path(f"/proc/{pid}/autogroup").write_text("-20")


@contextlib.contextmanager
def _datagrams(two: Bed) -> Iterator[Datagrams]:
    """Keep a stream of datagrams over the tunnel."""
    with entered(two.namespaces["web"]):
        sender = socket.socket(type=socket.SOCK_DGRAM)
    with entered(two.namespaces["db"]):
        receiver = socket.socket(type=socket.SOCK_DGRAM)
    with sender, receiver:
        receiver.bind((DB, PORT))
        _first(sender, receiver)
        stream = Datagrams(sender, receiver, (DB, PORT))
        with stream.running():
            yield stream


def _first(sender: socket.socket, receiver: socket.socket) -> None:
    """Let one datagram arrive: until then neighbours are being asked for."""
    receiver.settimeout(0.2)
    deadline = time.monotonic() + PATIENCE
    while True:
        sender.sendto(bytes(8), (DB, PORT))
        with contextlib.suppress(TimeoutError):
            receiver.recv(100)
            break
        assert time.monotonic() < deadline, "nothing arrives at all"
    with contextlib.suppress(TimeoutError):
        while receiver.recv(100):
            pass


def _connected(two: Bed) -> Session:
    """Return a TCP connection over the tunnel."""
    with entered(two.namespaces["web"]):
        client = socket.create_connection((DB, 8080), timeout=20)
    server, _ = two.listeners["db"].accept()
    server.settimeout(20)
    return Session(client, server)


def _ask(two: Bed, path: str, body: dict[str, Any] | None = None) -> Any:
    server = two.server
    token = (server.state / "token").read_text().strip()
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with entered(two.core):
        request = urllib.request.Request(server.endpoints()["api"] + path, data, head)
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.loads(answer.read())


def _flip(two: Bed, side: str) -> None:
    """Put another policy in place of the one that admits the streams; wait for both bridges."""
    text = two.nouns.replace("PROTOCOL", "tcp") + side
    body = {"files": [{"name": "policy.yaml", "text": text}], "prune": True}
    number = _ask(two, "/v1/apply", body)["revision"]
    told = _ask(two, f"/v1/revisions/{number}/wait?level=acked&timeout=60")
    assert told["reached"], told


def _flows(two: Bed) -> list[str]:
    """Return both bridges' flows and groups, without counters."""
    return [
        vswitch.ofctl(f"dump-{what}", *more, BRIDGE)
        for vswitch in two.hosts.values()
        for what, more in (("flows", ("--no-stats",)), ("groups", ()))
    ]


def _cookies(two: Bed) -> list[tuple[str, str]]:
    """Return each flow's table and cookie; a vswitch numbers its ports anew when it starts."""
    found = re.compile(r"cookie=(\w+), (?:duration=\S+, )?(?:table=(\d+))?")
    return sorted(found.findall("".join(_flows(two)[::2])))


def _youngest(two: Bed) -> float:
    """Return the age of the flow that was written last, in seconds."""
    dumps = (vswitch.ofctl("dump-flows", BRIDGE) for vswitch in two.hosts.values())
    return min(float(age) for dump in dumps for age in re.findall(r"duration=([\d.]+)s", dump))


def _told(what: str, stream: Datagrams) -> None:
    count, lost = len(stream.sent), len(stream.lost)
    print(f"{what}: {count} datagrams, {lost} lost, longest silence {stream.silence * 1000:.0f} ms")


def test_a_stream_of_datagrams_loses_none_while_its_policy_flips(two: Bed) -> None:
    with _datagrams(two) as stream:
        for turn in range(1, FLIPS + 1):
            _flip(two, SIDES[turn % len(SIDES)])
    _told(f"{FLIPS} flips", stream)
    assert (stream.lost, stream.repeated) == ([], 0)
    assert len(stream.sent) > FLIPS


def test_a_tcp_stream_goes_on_while_its_policy_flips(two: Bed) -> None:
    seconds = 30 if _FULL else 8
    with iperf(two.namespaces["db"], two.namespaces["web"], DB, seconds) as ended:
        began, flips = time.monotonic(), 0
        while time.monotonic() - began < seconds - 1:
            flips += 1
            _flip(two, SIDES[flips % len(SIDES)])
        told = ended()
    pace = [interval["sum"]["bits_per_second"] for interval in told["intervals"]]
    received = told["end"]["sum_received"]["bits_per_second"]
    print(f"{flips} flips: {received / 1e6:.0f} Mb/s, slowest second {min(pace) / 1e6:.0f} Mb/s")
    assert min(pace) > 0, pace


def test_a_killed_server_comes_back_and_nobody_notices(two: Bed) -> None:
    _flip(two, SIDES[0])
    session, before = _connected(two), _flows(two)
    with _datagrams(two) as stream:
        with entered(two.core):
            two.server.kill()
            time.sleep(1)
            two.server.start()
        two.until_synced()
    _told("kill -9 and restart", stream)
    assert stream.lost == []
    assert session.speaks()
    assert _flows(two) == before


def test_a_server_that_is_gone_changes_no_flow_and_resets_nobody(two: Bed) -> None:
    session, before = _connected(two), _flows(two)
    with entered(two.core):
        two.server.kill()
    with _datagrams(two) as stream:
        time.sleep(GONE)
        assert session.speaks()
        fresh = _connected(two)
        assert fresh.speaks()
        assert _flows(two) == before
        assert _youngest(two) > GONE
    with entered(two.core):
        two.server.start()
    _told(f"no server for {GONE:.0f} s", stream)
    assert stream.lost == []
    two.until_synced()
    assert session.speaks()
    assert _flows(two) == before


def test_a_killed_vswitch_costs_what_passes_until_its_flows_are_back(two: Bed) -> None:
    vswitch = two.hosts["host1"]
    before = _cookies(two)
    with _datagrams(two) as stream:
        time.sleep(0.5)
        away = killed(vswitch)
        vswitch.start_daemon()
        vswitch.underlay("uplink", "10.255.1.1/24", "10.255.1.254", ())
        back = _until_heard(stream, away)
        time.sleep(1)
    lost = stream.lost
    _told(f"vswitch killed, back after {back - away:.2f} s", stream)
    assert lost
    assert stream.sent[lost[-1]] < back, "something was lost after the recovery"
    assert len(lost) <= (back - away + 0.1) * RATE
    two.until_synced()
    assert _cookies(two) == before
    again = _connected(two)
    assert again.speaks()


def _until_heard(stream: Datagrams, since: float) -> float:
    """Wait for a datagram that was sent after a moment; return when it came."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        sent = dict(enumerate(stream.sent.copy()))
        times = [at for number, at in stream.seen.copy().items() if sent.get(number, 0.0) > since]
        if times:
            return min(times)
        time.sleep(0.02)
    raise AssertionError("the stream never came back")
