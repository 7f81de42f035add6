"""A vswitch that is restarted: what is lost with its server and without; what saved flows change.

Flows are saved and loaded by Open vSwitch's own ``ovs-save``, as ``ovs-ctl restart`` does it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.bed.netns import BedError
from integration.bed.vswitch import Vswitch
from tests.devices.session_ends import entered
from tests.devices.sessions_bed import BRIDGE, Bed, bed, killed, vswitch_pid
from tests.devices.test_bed_load import SIDES, _datagrams, _hurry, _until_heard
from tests.waiting import until

SAVE = Path("/usr/share/openvswitch/scripts/ovs-save")
AWAY = 3.0  # seconds without flows, where nobody brings them back
WAIT = "other_config:flow-restore-wait"

pytestmark = [pytest.mark.device, pytest.mark.root]


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    with bed(2) as made:
        made.apply(SIDES[0])
        for vswitch in made.hosts.values():
            _hurry(vswitch_pid(vswitch))
            # By the last of these it saves: older versions leave out how groups choose.
            vswitch.vsctl("set", "bridge", BRIDGE, "protocols=OpenFlow14,OpenFlow15")
        made.until_synced()
        yield made


def _saved(vswitch: Vswitch) -> str:
    """Return the commands that load the bridge's flows again."""
    return vswitch.namespace.run(str(SAVE), "save-flows", BRIDGE, env=vswitch.environment)


def _restarted(vswitch: Vswitch, script: str = "", wait: bool = False) -> float:
    """Kill a vswitch and start it again, with the flows of a script; return when it was killed."""
    if wait:
        vswitch.vsctl("set", "open_vswitch", ".", f"{WAIT}=true")
    since = killed(vswitch)
    vswitch.start_daemon()
    vswitch.underlay("uplink", "10.255.1.1/24", "10.255.1.254", ())
    if script:
        until(lambda: _listens(vswitch), lambda: "the bridge is not managed")
        vswitch.namespace.run("sh", "-e", "-c", script, env=vswitch.environment)
    if wait:
        assert _program(vswitch), "it forgets while it waits"
        vswitch.vsctl("remove", "open_vswitch", ".", "other_config", "flow-restore-wait")
    return since


def _listens(vswitch: Vswitch) -> bool:
    with contextlib.suppress(BedError):
        return bool(vswitch.ofctl("show", BRIDGE))
    return False


def _program(vswitch: Vswitch) -> list[str]:
    """Return the bridge's flows and groups, by port number."""
    flows = vswitch.ofctl("dump-flows", "--no-stats", "--no-names", BRIDGE).splitlines()
    groups = vswitch.ofctl("dump-groups", BRIDGE).splitlines()
    return [line for line in sorted(flows) + groups if line and not line.startswith("OFPST")]


@pytest.mark.parametrize("wait", [False, True], ids=["plain", "flow-restore-wait"])
def test_with_its_server_it_is_back_soon(two: Bed, wait: bool) -> None:
    vswitch, before = two.hosts["host1"], _program(two.hosts["host1"])
    script = _saved(vswitch) if wait else ""
    with _datagrams(two) as stream:
        time.sleep(0.5)
        since = _restarted(vswitch, script, wait)
        back = _until_heard(stream, since)
        time.sleep(0.5)
    print(f"with a server, wait={wait}: {back - since:.2f} s, {len(stream.lost)} lost")
    two.until_synced()
    assert _program(vswitch) == before


@contextlib.contextmanager
def _alone(two: Bed) -> Iterator[None]:
    """Let the server be away."""
    with entered(two.core):
        two.server.kill()
    try:
        yield
    finally:
        with entered(two.core):
            two.server.start()
        two.until_synced()


@pytest.mark.parametrize("wait", [False, True], ids=["plain", "flow-restore-wait"])
def test_without_its_server_it_drops_until_that_is_back(two: Bed, wait: bool) -> None:
    """What was loaded while the vswitch waited is flushed as soon as it gets its controllers."""
    vswitch, before = two.hosts["host1"], _program(two.hosts["host1"])
    script = _saved(vswitch) if wait else ""
    with _datagrams(two) as stream:
        with _alone(two):
            since = _restarted(vswitch, script, wait)
            time.sleep(AWAY)
            assert _program(vswitch) == []
            # What it had sent on by then may have been read a little later.
            assert max(stream.seen.values()) < since + AWAY / 2, "it forwards without flows"
        back = _until_heard(stream, since + AWAY)
    print(f"without a server, wait={wait}: {back - since:.2f} s, {len(stream.lost)} lost")
    assert _program(vswitch) == before


def test_without_its_server_saved_flows_bring_it_back(two: Bed) -> None:
    vswitch, before = two.hosts["host1"], _program(two.hosts["host1"])
    script = _saved(vswitch)
    with _datagrams(two) as stream:
        with _alone(two):
            since = _restarted(vswitch, script)
            back = _until_heard(stream, since)
            assert _program(vswitch) == before
            time.sleep(AWAY)
            returns = time.monotonic()
        time.sleep(0.5)
    later = sum(stream.sent[number] > back for number in stream.lost)
    print(f"without a server, loaded by hand: {back - since:.2f} s, ", end="")
    print(f"{len(stream.lost)} lost, {later} of them after that")
    assert _youngest(vswitch) > time.monotonic() - returns, "the server wrote flows at its return"
    assert _program(vswitch) == before


def _youngest(vswitch: Vswitch) -> float:
    """Return the age of the bridge's newest flow, in seconds, a little rounded up."""
    dumped = vswitch.ofctl("dump-flows", BRIDGE)
    ages = [float(age) for age in re.findall(r"duration=([\d.]+)s", dumped)]
    return min(ages) + 0.1
