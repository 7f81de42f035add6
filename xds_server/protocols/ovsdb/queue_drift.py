"""Queues that are not as they should be, compared with what a database tells of a bridge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xds_server.protocols.ovsdb.classes import WITH_QUEUES
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.qos import RULE, Qos
from xds_server.protocols.ovsdb.queueing import at_ports, is_limit, is_right
from xds_server.snapshots.queues import PortQueue, Queues

MISSING, CHANGED, LEFT = "missing", "changed", "left over"


@dataclass(frozen=True, slots=True, order=True)
class QueueDeviation:
    """One row that differs; ``rule`` is the one that it is, or was, for."""

    kind: str
    what: str
    rule: str = ""


def queue_drift(bridge: Bridge, queues: Queues) -> tuple[QueueDeviation, ...]:
    """Return how a bridge's queues differ from those wanted, sorted; QoS of others counts not.

    It does where it has taken the place of one of ours.
    """
    wanted = at_ports(bridge, queues)
    kinds = {each.port: each.kind for each in bridge.interfaces}
    held = {qos.port: qos for qos in bridge.qos}
    found = [QueueDeviation(LEFT, f"queue or QoS in row {uuid}") for uuid in bridge.strays]
    for port in sorted(wanted.keys() | held.keys()):
        own = held.get(port)
        if port in wanted and kinds[port] in WITH_QUEUES:
            found += _at(port, own, wanted[port])
        if own is not None and own.ours:
            found += _left(own, {queue.number for queue in wanted.get(port, ())})
    return tuple(sorted(found))


def _at(port: str, own: Qos | None, wanted: tuple[PortQueue, ...]) -> Iterator[QueueDeviation]:
    if own is not None and own.ours and not is_limit(own):
        yield QueueDeviation(CHANGED, f"QoS of port {port}")
    for queue in wanted:
        what = f"queue {queue.number} of port {port}"
        if own is None:
            yield QueueDeviation(MISSING, what, queue.rule)
        elif not own.ours:
            yield QueueDeviation(CHANGED, f"{what}: the port has a QoS of others", queue.rule)
        elif queue.number not in own.queues:
            yield QueueDeviation(MISSING, what, queue.rule)
        elif not own.queues[queue.number].ours:
            yield QueueDeviation(CHANGED, f"{what}: it is of others", queue.rule)
        elif not is_right(own.queues[queue.number], queue):
            yield QueueDeviation(CHANGED, what, queue.rule)


def _left(own: Qos, wanted: set[int]) -> Iterator[QueueDeviation]:
    for number, queue in own.queues.items():
        if queue.ours and number not in wanted:
            what = f"queue {number} of port {own.port}"
            yield QueueDeviation(LEFT, what, queue.external_ids.get(RULE, ""))
