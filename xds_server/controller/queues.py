"""The queues of a plan, as bridges' databases are told of them."""

from __future__ import annotations

from collections.abc import Mapping

from translators.openflow.port_queues import Queue, by_port
from translators.plan.model import Plan
from xds_server.snapshots.queues import PortQueue, Queues


def queues_of(plan: Plan) -> Mapping[str, Queues]:
    """Return the queues of each host that has any."""
    if not any(rule.shape is not None and rule.shape.queue for rule in plan.extras):
        return {}
    found = {host.name: by_port(plan, host.name) for host in plan.hosts}
    return {
        host: {port: tuple(map(_told, queues)) for port, queues in ports.items()}
        for host, ports in found.items()
        if ports
    }


def _told(queue: Queue) -> PortQueue:
    shape = queue.shape
    return PortQueue(queue.number, shape.rate or 0, shape.burst, queue.rule.name, shape.dscp)
