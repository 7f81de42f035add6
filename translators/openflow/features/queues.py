"""Queues: what a rule admits waits at the port of the workload that it is for.

The connection's label tells the rule at both ends: at the source's bridge for the answers, at the
destination's for what was sent. A packet is told its queue only where its port is of this bridge:
some vswitches keep the number beyond a tunnel, where another's queue might have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.features.shapes import (
    ORIGINAL,
    REPLY,
    SENT_HERE,
    connection_of,
    to_local,
)
from translators.openflow.fields import (
    FAMILIES,
    FROM_OUTSIDE,
    FROM_TUNNEL,
    IP_DSCP,
    MARK_DIRECT,
    MARK_OUTSIDE,
    ORIGIN,
    SHAPED,
)
from translators.openflow.flow import Act, Flow, Queued, Resubmit, SetField, Test, match
from translators.openflow.port_queues import Queue, queues_of
from translators.openflow.site import Site
from translators.openflow.tables import Table

_TUNNEL: Test = (ORIGIN, FROM_TUNNEL, None)


def waiting(site: Site) -> Iterator[Flow]:
    """Yield what tells packets of admitted connections the queue that they wait in."""
    for queue in queues_of(site.plan, site.host.name):
        if site.local(queue.receivers):
            for _, ether in FAMILIES:
                yield _flow(queue, MARK_DIRECT, (Queued(queue.number),), ether, ORIGINAL, _TUNNEL)
        if site.local(queue.senders):
            yield from _sent(site, queue)
            yield from _answered(site, queue)


def _sent(site: Site, queue: Queue) -> Iterator[Flow]:
    """Yield what becomes of what sources here send: elsewhere it waits at the other end."""
    acts = _queued(queue)
    for name in queue.receivers:
        for ether, to in to_local(site, name):
            tests = (ORIGINAL, SENT_HERE, to)
            yield _flow(queue, MARK_DIRECT, acts, ether, *tests, priority=181)
    for _, ether in FAMILIES if _mark(queue) else ():
        yield _flow(queue, MARK_DIRECT, _mark(queue), ether, ORIGINAL, SENT_HERE)


def _answered(site: Site, queue: Queue) -> Iterator[Flow]:
    acts = _queued(queue)
    for _, ether in FAMILIES:
        yield _flow(queue, MARK_DIRECT, acts, ether, REPLY, _TUNNEL)
        if queue.rule.externals and site.external is not None:
            outside: Test = (ORIGIN, FROM_OUTSIDE, None)
            yield _flow(queue, MARK_OUTSIDE, acts, ether, REPLY, outside)
    for name in queue.senders:
        for ether, to in to_local(site, name):
            yield _flow(queue, MARK_DIRECT, acts, ether, REPLY, SENT_HERE, to)


def _queued(queue: Queue) -> tuple[Act, ...]:
    return (Queued(queue.number), *_mark(queue))


def _mark(queue: Queue) -> tuple[SetField, ...]:
    dscp = queue.shape.dscp
    return () if dscp is None else (SetField(IP_DSCP, dscp),)


def _flow(
    queue: Queue, mark: int, acts: tuple[Act, ...], ether: int, *tests: Test, priority: int = 180
) -> Flow:
    known = connection_of(queue.rule, mark, ether)
    owner = cookie(Cause.SHAPE, queue.rule.number)
    once = (SetField(SHAPED, 1), Resubmit(Table.STATE))
    return Flow(Table.STATE, priority, match(*tests, *known), owner, (*acts, *once))
