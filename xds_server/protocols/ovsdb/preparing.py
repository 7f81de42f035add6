"""What is missing in a bridge's database, as one transaction: safe first, then ours to drive.

All operations hold together or not at all, so that no bridge is seen with a controller and without
a secure fail mode. What is there already and right is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xds_server.protocols.ovsdb.mirror import OURS, Bridge, Interface

Operation = dict[str, Any]  # RFC 7047 section 5.2
_SPEAKS = "OpenFlow15"
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
        yield _update("Bridge", bridge.name, {"fail_mode": "secure"})


def _speaks(bridge: Bridge) -> Iterator[Operation]:
    if bridge.protocols and _SPEAKS not in bridge.protocols:
        yield _mutate(bridge, "protocols", "insert", _SPEAKS)


def _controlled(bridge: Bridge, target: str) -> Iterator[Operation]:
    for old in bridge.ours:
        if old != target:
            where = [["target", "==", old], ["external_ids", "includes", _map({OURS: "true"})]]
            row = {"target": target}
            yield {"op": "update", "table": "Controller", "where": where, "row": row}
            return
    if target not in bridge.controllers:
        yield {
            "op": "insert",
            "table": "Controller",
            "uuid-name": "controller",
            "row": {
                "target": target,
                "connection_mode": "out-of-band",  # in band adds hidden flows above all others
                "external_ids": _map({OURS: "true"}),
            },
        }
        yield _mutate(bridge, "controller", "insert", ["named-uuid", "controller"])


def _tunneled(bridge: Bridge, wanted: Wanted) -> Iterator[Operation]:
    for interface in bridge.interfaces:
        if interface.name == wanted.tunnel:
            if not _right(interface, wanted):
                row = {"type": wanted.encapsulation, "options": _map(_OPTIONS)}
                yield _update("Interface", wanted.tunnel, row)
            return
    yield {
        "op": "insert",
        "table": "Interface",
        "uuid-name": "tunnel",
        "row": {
            "name": wanted.tunnel,
            "type": wanted.encapsulation,
            "options": _map(_OPTIONS),
            "external_ids": _map({OURS: "true"}),
        },
    }
    row = {"name": wanted.tunnel, "interfaces": ["named-uuid", "tunnel"]}
    yield {"op": "insert", "table": "Port", "uuid-name": "port", "row": row}
    yield _mutate(bridge, "ports", "insert", ["named-uuid", "port"])


def _right(interface: Interface, wanted: Wanted) -> bool:
    """Whether a tunnel is as it should be; further options are the operator's business."""
    options = interface.options.items() >= _OPTIONS.items()
    return interface.kind == wanted.encapsulation and options


def _update(table: str, name: str, row: dict[str, Any]) -> Operation:
    return {"op": "update", "table": table, "where": [["name", "==", name]], "row": row}


def _mutate(bridge: Bridge, column: str, mutator: str, value: Any) -> Operation:
    where, mutations = [["name", "==", bridge.name]], [[column, mutator, value]]
    return {"op": "mutate", "table": "Bridge", "where": where, "mutations": mutations}


def _map(pairs: dict[str, str]) -> list[Any]:
    return ["map", [[key, value] for key, value in sorted(pairs.items())]]
