"""What real devices refuse is shown by ``fsdn status`` with the policy's file and line."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.devices.envoy import inside, namespace
from tests.devices.ovs import PrivateOvs
from tests.devices.test_serve_devices import BRIDGE, PORTS, connect, flows, proxy
from tests.serving import SHOP, Serving
from tests.waiting import until

pytestmark = [pytest.mark.device, pytest.mark.root]

# The first rule that needs the proxy at this door is why there is a listener.
CAPTURE = "policies.yaml:11"
VIP = ("10.10.0.200", 80)


@contextmanager
def taken(address: tuple[str, int]) -> Iterator[None]:
    """Listen where nobody else then can: without SO_REUSEPORT, as any other program would."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
        yield


def state(server: Serving, device: str) -> str:
    return str(server.devices()[device]["state"])


@pytest.mark.envoy("fsdn serve: status, reports, TLS, workers")
def test_a_listener_that_cannot_be_bound_is_shown_with_its_line(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, proxy(tmp_path, "host1", server.port("xds")):
        with taken(VIP):
            server.fsdn("apply", "-f", str(SHOP), "--wait", "none")
            until(lambda: state(server, "proxy/host1") == "NACKED", server.devices)
        shown = server.fsdn("status").stderr
        line = next(one for one in shown.splitlines() if "refused LDS" in one)
        assert CAPTURE in line, shown
        assert "cannot bind" in line
        assert "Address already in use" in line
        told = server.fsdn("history", "1")
        row = next(one for one in told.stdout.splitlines() if one.startswith("proxy/host1"))
        assert "nacked" in row
        assert CAPTURE in row


def test_a_flow_that_a_bridge_has_no_room_for_is_shown_with_its_line(tmp_path: Path) -> None:
    server = Serving(tmp_path / "state")
    with namespace() as name, inside(name), server, PrivateOvs() as ovs:
        connect(server, ovs, 1, PORTS[0])
        limit_tables(ovs)
        server.fsdn("apply", "-f", str(SHOP), "--wait", "none")
        until(lambda: state(server, "bridge/host1") == "NACKED", server.devices)
        shown = server.fsdn("status").stderr
        line = next(one for one in shown.splitlines() if "refused flows" in one)
        assert "TABLE_FULL" in line
        assert ".yaml:" in line, line
        assert "cookie=0xf5d0" not in flows(ovs)


def limit_tables(ovs: PrivateOvs) -> None:
    """Let the policy table hold one flow, and refuse more instead of evicting."""
    table = ["--", "--id=@t", "create", "Flow_Table", "flow_limit=1", "overflow_policy=refuse"]
    ovs.vsctl("set", "bridge", BRIDGE, "flow_tables:20=@t", *table)
