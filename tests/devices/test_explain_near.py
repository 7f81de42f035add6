"""A server on the vswitch's own machine asks it by its control socket: no agent is needed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.ovs import PrivateOvs
from tests.devices.test_serve_devices import BRIDGE, PORTS, connect, flows
from tests.serving import SHOP, Serving
from tests.waiting import until
from xds_server.cli.exits import Exit

pytestmark = pytest.mark.device
ASKED = ("explain", "web", "reviews", "--tcp", "80", "--live")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, PrivateOvs]]:
    state = Path(tmp_path_factory.mktemp("near")) / "state"
    with PrivateOvs() as ovs:
        socket = f"--vswitch-sockets=host1={ovs.directory / 'vswitchd.ctl'}"
        with Serving(state, "--envoy=none", socket) as server:
            assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
            connect(server, ovs, 1, PORTS[0])
            until(lambda: "0xf5d0" in flows(ovs), server.devices)
            until(lambda: server.devices()["bridge/host1"]["state"] == "SYNCED", server.devices)
            yield server, ovs


def test_a_captured_connection_is_traced_as_far_as_the_proxy(
    bed: tuple[Serving, PrivateOvs],
) -> None:
    server, _ = bed
    done = server.fsdn(*ASKED, "-o", "json")
    assert done.returncode == Exit.OK, done.stderr
    (bridge,) = json.loads(done.stdout)["bridges"]
    assert (bridge["same"], bridge["rows"][-1]["stage"]) == (True, "STEER")
    assert [row["real"]["rule"] for row in bridge["rows"] if row["stage"] == "BALANCE"] == [
        "shop/reviews[0]"
    ]
    stands = server.fsdn(*ASKED, "--established")
    assert stands.returncode == Exit.OK, stands.stdout + stands.stderr


def test_a_flow_that_goes_around_the_proxy_is_found(bed: tuple[Serving, PrivateOvs]) -> None:
    server, ovs = bed
    ovs.ofctl("add-flow", BRIDGE, "cookie=0x7,table=13,priority=65535,tcp,actions=NORMAL")
    try:
        done = server.fsdn(*ASKED)
    finally:
        ovs.ofctl("del-flows", BRIDGE, "cookie=0x7/-1")
    assert done.returncode == Exit.DIFFERENT, done.stdout
    assert "table 13 (BALANCE) should apply shop/reviews[0]" in done.stderr
    assert "what is not ours (cookie=0x7,table=13,priority=65535,tcp)" in done.stderr


def test_a_vswitch_that_cannot_be_asked_is_named(bed: tuple[Serving, PrivateOvs]) -> None:
    server, _ = bed
    done = server.fsdn("explain", "stock", "reviews-1", "--tcp", "80", "--live")
    assert done.returncode == Exit.REFUSED
    assert "ports of host host2's bridge are not known yet" in done.stderr
