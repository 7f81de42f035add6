"""Queues that have no effect, and what an operator should do about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xds_server.protocols.ovsdb.classes import USERSPACE, WITH_QUEUES, class_of
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.qos import CLASSES, TROUBLE, Qos
from xds_server.protocols.ovsdb.queueing import at_ports
from xds_server.snapshots.queues import PortQueue, Queues

UNREACHED = (
    "its queues are not effective: no OVSDB session reaches its bridge; run ovs-vsctl set-manager"
)
_SHOWN = 3  # rules for each reason


def ineffective(bridge: Bridge, queues: Queues) -> str:
    """Return why queues of a bridge have no effect, empty where all have or will soon."""
    kinds = {each.port: each.kind for each in bridge.interfaces}
    held = {qos.port: qos for qos in bridge.qos}
    why: dict[str, list[str]] = {}
    for port, wanted in sorted(at_ports(bridge, queues).items()):
        for queue in wanted:
            for reason in _reasons(bridge, kinds[port], held.get(port), queue):
                why.setdefault(reason, []).append(f"{queue.rule} at port {port}")
    if not why:
        return ""
    told = "; ".join(f"{_few(places)}: {reason}" for reason, places in sorted(why.items()))
    return f"queues of bridge {bridge.name} are not effective: {told}"


def _reasons(bridge: Bridge, kind: str, qos: Qos | None, queue: PortQueue) -> Iterator[str]:
    """Yield the first reason why a queue has no effect."""
    if kind not in WITH_QUEUES:
        yield f"a port of type {kind} has no queues"
    elif qos is not None and not qos.ours:
        yield "the port has a QoS of others, which is left alone (ovs-vsctl clear port PORT qos)"
    elif qos is not None and queue.number in qos.queues and not qos.queues[queue.number].ours:
        yield f"others have put a queue of their own at the number {queue.number}"
    elif qos is not None and bridge.datapath == USERSPACE:
        yield from _unclassed(qos.external_ids, queue)


def _unclassed(told: Mapping[str, str], queue: PortQueue) -> Iterator[str]:
    """Yield why the agent of a host in user space does not sort packets into a queue."""
    if queue.dscp is None:
        yield "packets find their queue by their mark in user space, give the shape a dscp"
    elif class_of(queue.number, queue.dscp) in told.get(CLASSES, "").split():
        return
    elif trouble := told.get(TROUBLE):
        yield f"the host's agent cannot sort packets ({trouble})"
    elif CLASSES in told:
        yield f"another rule's packets have the mark {queue.dscp} too, give it one of its own"
    else:
        yield "no host agent sorts packets in user space, run fsdn agent --role host there"


def _few(places: list[str]) -> str:
    more = len(places) - _SHOWN
    return ", ".join(places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
