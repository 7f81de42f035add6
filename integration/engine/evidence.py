"""What tells why a test on containers failed: logs, states and captures of each, in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from docker.errors import APIError
from docker.models.containers import Container

from integration.engine import captures

ROUTING = (
    "ip -s addr",
    "ip route",
    "vtysh --vty_socket /run/frr -c 'show bgp summary' -c 'show bfd peers brief'",
    "vtysh --vty_socket /run/frr -c 'show bgp l2vpn evpn' -c 'show running-config'",
)
# By a service's name without its number: commands whose output is kept.
STATES: Mapping[str, tuple[str, ...]] = {
    "host": (
        "ip -s addr",
        "ip route",
        "ovs-vsctl show",
        "ovs-ofctl -O OpenFlow15 dump-flows br-int",
        "ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack",
        "curl -sS -m 3 --unix-socket /run/fsdn/*/agent/admin.sock http://envoy/clusters",
        "curl -sS -m 3 --unix-socket /run/fsdn/*/agent/admin.sock 'http://envoy/stats?usedonly'",
        "tail -n 200 /run/fsdn/*/ovs/ovs-vswitchd.log",
    ),
    "leaf": ROUTING,
    "spine": ROUTING,
    "controller": ("fsdn status", "fsdn proxy status", "fsdn history"),
    "gateway": ("ip addr",),
}


def keep(containers: Mapping[str, Container], place: Path) -> None:
    """Write what there is of each container, by its service's name, into a new directory.

    What cannot be had is said in its place: a failed test keeps its own error.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for service, container in containers.items():
        with suppress(APIError):  # it is gone
            (place / f"{service}.log").write_bytes(container.logs(timestamps=True))
        (place / f"{service}.state").write_text("".join(_states(service, container)))
        captures.collect(container, place / "captures" / service)


def _states(service: str, container: Container) -> Iterator[str]:
    yield f"{container.status}\n"
    for command in STATES.get(service.rstrip("0123456789"), ()):
        yield f"\n$ {command}\n{_output(container, command)}"


def _output(container: Container, command: str) -> str:
    try:
        said = container.exec_run(["sh", "-c", command]).output
    except APIError as error:
        return f"{error.explanation}\n"
    return said.decode(errors="replace") if isinstance(said, bytes) else ""
