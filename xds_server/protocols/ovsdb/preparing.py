"""What is missing in a bridge's database, as one transaction: safe first, then ours to drive.

All operations hold together or not at all, so that no bridge is seen with a controller and without
a secure fail mode. What is there already and right is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xds_server.protocols.ovsdb.mirror import Bridge, Interface
from xds_server.protocols.ovsdb.operations import (
    Operation,
    Where,
    insert,
    map_column,
    mutate,
    update,
)
from xds_server.protocols.ovsdb.qos import OURS

_SPEAKS = "OpenFlow15"
ASKED = 1000  # packets a second that a vswitch may ask a controller about, shared among its ports
_OPTIONS = {"key": "flow", "remote_ip": "flow"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a bridge should be set up; an empty text leaves that part alone."""

    controller: str = ""  # target, such as tcp:192.0.2.1:6653
    tunnel: str = ""  # interface name of the tunnel
    encapsulation: str = "vxlan"  # or geneve


def preparation(bridge: Bridge, wanted: Wanted) -> tuple[Operation, ...]:
    """Return the operations that set a bridge up; none where it is as it should be.

    The controllers of others stay. One that this program has set before, with another target, is
    replaced.
    """
    operations = [*_secure(bridge), *_speaks(bridge)]
    if wanted.controller:
        operations += _controlled(bridge, wanted.controller)
    if wanted.tunnel:
        operations += _tunneled(bridge, wanted)
    return tuple(operations)


def _secure(bridge: Bridge) -> Iterator[Operation]:
    if bridge.fail_mode != "secure":
        yield update("Bridge", [["name", "==", bridge.name]], {"fail_mode": "secure"})


def _speaks(bridge: Bridge) -> Iterator[Operation]:
    if bridge.protocols and _SPEAKS not in bridge.protocols:
        yield _mutate(bridge, "protocols", "insert", _SPEAKS)


def _controlled(bridge: Bridge, target: str) -> Iterator[Operation]:
    for old in bridge.ours:
        if old != target:
            mark = map_column({OURS: "true"})
            where: Where = [["target", "==", old], ["external_ids", "includes", mark]]
            yield update("Controller", where, {"target": target})
            return
    if target not in bridge.controllers:
        row = {
            "target": target,
            "connection_mode": "out-of-band",  # in band adds hidden flows above all others
            "controller_rate_limit": ASKED,
            "external_ids": map_column({OURS: "true"}),
        }
        yield insert("Controller", "controller", row)
        yield _mutate(bridge, "controller", "insert", ["named-uuid", "controller"])


def _tunneled(bridge: Bridge, wanted: Wanted) -> Iterator[Operation]:
    for interface in bridge.interfaces:
        if interface.name == wanted.tunnel:
            if not _right(interface, wanted):
                row = {"type": wanted.encapsulation, "options": map_column(_OPTIONS)}
                yield update("Interface", [["name", "==", wanted.tunnel]], row)
            return
    row = {
        "name": wanted.tunnel,
        "type": wanted.encapsulation,
        "options": map_column(_OPTIONS),
        "external_ids": map_column({OURS: "true"}),
    }
    yield insert("Interface", "tunnel", row)
    port = {"name": wanted.tunnel, "interfaces": ["named-uuid", "tunnel"]}
    yield insert("Port", "port", port)
    yield _mutate(bridge, "ports", "insert", ["named-uuid", "port"])


def _right(interface: Interface, wanted: Wanted) -> bool:
    """Whether a tunnel is as it should be; further options are the operator's business."""
    options = interface.options.items() >= _OPTIONS.items()
    return interface.kind == wanted.encapsulation and options


def _mutate(bridge: Bridge, column: str, mutator: str, value: Any) -> Operation:
    return mutate("Bridge", [["name", "==", bridge.name]], column, mutator, value)
