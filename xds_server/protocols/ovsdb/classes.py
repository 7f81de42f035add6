"""Which mark leads to which queue on a host whose bridges forward in user space.

There a packet's queue is lost on its way to the device, and everything would wait in queue 0. So
the kernel sorts by the mark in the IP header, as nftables rules of the device's egress hook: a
packet's priority names the class of the queue, as it does where the kernel itself forwards.

There, too, one socket sends to all devices. What waits in a queue counts as unsent, so that a full
queue would leave the other ports no room; queues together are kept shorter than the socket's room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.operations import Operation, map_column, mutate, row_of
from xds_server.protocols.ovsdb.qos import CLASSES, DSCP, TROUBLE, Qos

USERSPACE = "netdev"
WITH_QUEUES = ("", "system", "dummy")  # types of interfaces
TABLE = "fsdn_queues"
_ROOT = 1  # the handle of the qdisc that Open vSwitch makes, and queue N is its class N + 1
_NAME = re.compile(r"[\w.:@+-]+")  # of a device, as it may stand between quotes
_LONGEST = 200  # characters of a note
_SIZE = 2304  # bytes that a frame of 1500 takes of a socket's room
_QUEUE, _LEAST = 32, 2  # frames that may wait in one queue: at most, and however many queues


@dataclass(frozen=True, slots=True)
class Sorted:
    """One port's device, the number that the vswitch has given it, and its queues by mark."""

    device: str
    ofport: int
    qos: Qos = field(compare=False)  # whose notes are no news
    queues: Mapping[int, int]


def sorted_ports(bridges: Iterable[Bridge]) -> tuple[Sorted, ...]:
    """Return the ports with queues of ours whose packets the kernel is to sort."""
    return tuple(one for bridge in bridges if bridge.datapath == USERSPACE for one in _of(bridge))


def class_of(queue: int, dscp: int) -> str:
    """Return how it is noted that packets with a mark go to a queue."""
    return f"{queue}:{dscp}"


def ruleset(ports: Iterable[Sorted]) -> str:
    """Return what nft is to load in one transaction: all that is ours, in place of what was."""
    chains = "".join(_chain(port) for port in ports if port.queues)
    gone = f"table netdev {TABLE}\ndelete table netdev {TABLE}\n"  # it may not be there
    return f"{gone}table netdev {TABLE} {{\n{chains}}}\n" if chains else gone


def lengths(ports: Iterable[Sorted], room: int) -> str:
    """Return what tc is to do, line by line: how many frames may wait in each queue.

    ``room`` is the bytes of a socket that sends (net.core.wmem_default); two thirds are for queues.
    """
    queues = [(port.device, queue) for port in ports for queue in port.queues.values()]
    share = room * 2 // 3 // _SIZE // max(1, len(queues))
    length = max(_LEAST, min(_QUEUE, share))
    return "".join(
        f"qdisc replace dev {device} parent {_ROOT}:{queue + 1:x} handle {queue + 1:x}: "
        f"pfifo limit {length}\n"
        for device, queue in queues
    )


def notes(port: Sorted, trouble: str) -> tuple[Operation, ...]:
    """Return what tells the controller which queues packets are sorted into, or why none."""
    found = " ".join(class_of(queue, dscp) for dscp, queue in port.queues.items())
    wanted = {TROUBLE: trouble[:_LONGEST]} if trouble else {CLASSES: found}
    told = {k: v for k, v in port.qos.external_ids.items() if k in (CLASSES, TROUBLE)}
    if told == wanted:
        return ()
    where = row_of(port.qos.uuid)
    return (
        mutate("QoS", where, "external_ids", "delete", ["set", [CLASSES, TROUBLE]]),
        mutate("QoS", where, "external_ids", "insert", map_column(wanted)),
    )


def _of(bridge: Bridge) -> Iterator[Sorted]:
    held = {qos.port: qos for qos in bridge.qos if qos.ours}
    for each in bridge.interfaces:
        usable = each.ofport and each.kind in WITH_QUEUES and _NAME.fullmatch(each.name)
        if usable and each.port in held:
            qos = held[each.port]
            yield Sorted(each.name, each.ofport, qos, _by_mark(qos))


def _by_mark(qos: Qos) -> Mapping[int, int]:
    """Return a port's queues by their marks; the first of several with one mark has it."""
    found: dict[int, int] = {}
    for number, queue in sorted(qos.queues.items()):
        if queue.ours and (mark := queue.external_ids.get(DSCP, "")).isdecimal():
            found.setdefault(int(mark), number)
    return dict(sorted(found.items()))


def _chain(port: Sorted) -> str:
    rules = "".join(
        f"    {family} dscp {dscp} meta priority set {_ROOT}:{queue + 1:x}\n"
        for dscp, queue in port.queues.items()
        for family in ("ip", "ip6")
    )
    hook = f'type filter hook egress device "{port.device}" priority 0; policy accept;'
    return f"  chain port_{port.device.encode().hex()} {{\n    {hook}\n{rules}  }}\n"
