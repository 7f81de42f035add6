"""Queues at the ports of a bridge, as one transaction: what is wanted is made, what was ours goes.

A port has one QoS. One that others made is left alone, and so are queues that they have put into
ours. What is there already and right is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xds_server.protocols.ovsdb.mirror import Bridge, named_ports
from xds_server.protocols.ovsdb.operations import (
    Operation,
    delete,
    insert,
    map_column,
    mutate,
    row_of,
    update,
)
from xds_server.protocols.ovsdb.qos import DSCP, OURS, RULE, Qos, Queue
from xds_server.snapshots.queues import PortQueue, Queues

KIND = "linux-htb"
# Bits per second that a port can do: else 100 Mb/s count where its device does not tell. Open
# vSwitch before 3.2 counts bytes in 32 bits.
_MOST = 32_000_000_000
_CONFIG = {"max-rate": str(_MOST)}


def queueing(bridge: Bridge, queues: Queues, displacing: bool = False) -> tuple[Operation, ...]:
    """Return the operations that give a bridge's ports their queues, and take others of ours away.

    Ports that the bridge has not get none. ``displacing``: what others have put in the place of a
    queue that is wanted gives way; their row of QoS or Queue stays, at no port.
    """
    wanted = at_ports(bridge, queues)
    held = {qos.port: qos for qos in bridge.qos}
    found: list[Operation] = []
    for port in sorted(wanted.keys() | held.keys()):
        own = held.get(port)
        if own is None:
            found += _made(port, wanted[port])
        elif own.ours:
            found += _kept(own, wanted[port], displacing) if port in wanted else _removed(own)
        elif displacing and port in wanted:
            found += _made(port, wanted[port])
    for uuid in bridge.strays:
        found += [delete("QoS", uuid), delete("Queue", uuid)]
    return tuple(found)


def at_ports(bridge: Bridge, queues: Queues) -> dict[str, tuple[PortQueue, ...]]:
    """Return the queues by the ports that the bridge has, as it names them."""
    named = named_ports(bridge)
    ports = {each.name: each.port for each in bridge.interfaces}
    known = ((ports.get(named.get(name, name)), wanted) for name, wanted in queues.items())
    return {port: wanted for port, wanted in known if port}


def _made(port: str, wanted: tuple[PortQueue, ...]) -> Iterator[Operation]:
    names = {queue.number: f"queue_{port_name(port)}_{queue.number}" for queue in wanted}
    for queue in wanted:
        yield insert("Queue", names[queue.number], _row(queue))
    numbered = [[number, ["named-uuid", name]] for number, name in names.items()]
    yield insert(
        "QoS",
        f"qos_{port_name(port)}",
        {
            "type": KIND,
            "other_config": map_column(_CONFIG),
            "external_ids": map_column({OURS: "true"}),
            "queues": ["map", numbered],
        },
    )
    yield update("Port", [["name", "==", port]], {"qos": ["named-uuid", f"qos_{port_name(port)}"]})


def port_name(port: str) -> str:
    """Return a port's name as a part of an identifier (RFC 7047, section 3.1: an id)."""
    return port.encode().hex()


def _kept(qos: Qos, wanted: tuple[PortQueue, ...], displacing: bool) -> Iterator[Operation]:
    if not is_limit(qos):
        yield update("QoS", row_of(qos.uuid), {"type": KIND, "other_config": map_column(_CONFIG)})
    for queue in wanted:
        yield from _queue(qos, queue, displacing)
    numbers = {queue.number for queue in wanted}
    yield from _without(qos, {n: q for n, q in qos.queues.items() if n not in numbers and q.ours})


def _queue(qos: Qos, wanted: PortQueue, displacing: bool) -> Iterator[Operation]:
    own = qos.queues.get(wanted.number)
    if own is not None and not own.ours and displacing:
        numbers = ["set", [wanted.number]]
        yield mutate("QoS", row_of(qos.uuid), "queues", "delete", numbers)
        own = None
    if own is None:
        name = f"queue_{port_name(qos.port)}_{wanted.number}"
        yield insert("Queue", name, _row(wanted))
        pair = ["map", [[wanted.number, ["named-uuid", name]]]]
        yield mutate("QoS", row_of(qos.uuid), "queues", "insert", pair)
    elif own.ours and not is_right(own, wanted):
        yield update("Queue", row_of(own.uuid), _row(wanted))


def is_limit(qos: Qos) -> bool:
    """Whether the QoS of a port is as it should be, its queues aside."""
    return qos.kind == KIND and qos.config == _CONFIG


def is_right(queue: Queue, wanted: PortQueue) -> bool:
    """Whether a queue is as it should be."""
    return queue.config == _config(wanted) and queue.external_ids == _names(wanted)


def _without(qos: Qos, gone: Mapping[int, Queue]) -> Iterator[Operation]:
    if gone:
        numbers = ["set", sorted(gone)]
        yield mutate("QoS", row_of(qos.uuid), "queues", "delete", numbers)
    yield from (delete("Queue", queue.uuid) for queue in gone.values())


def _removed(qos: Qos) -> Iterator[Operation]:
    """Yield the end of a QoS of ours; one into which others have put queues stays for these."""
    ours = {number: queue for number, queue in qos.queues.items() if queue.ours}
    if len(ours) == len(qos.queues):
        yield update("Port", [["qos", "==", ["uuid", qos.uuid]]], {"qos": ["set", []]})
        yield delete("QoS", qos.uuid)
        yield from (delete("Queue", queue.uuid) for queue in ours.values())
    else:
        yield from _without(qos, ours)


def _row(queue: PortQueue) -> dict[str, object]:
    return {
        "other_config": map_column(_config(queue)),
        "external_ids": map_column(_names(queue)),
    }


def _config(queue: PortQueue) -> dict[str, str]:
    rate = str(min(queue.rate * 1000, _MOST))
    return {"min-rate": rate, "max-rate": rate, "burst": str(queue.burst * 1000)}


def _names(queue: PortQueue) -> dict[str, str]:
    named = {OURS: "true", RULE: queue.rule}
    return named if queue.dscp is None else {**named, DSCP: str(queue.dscp)}
