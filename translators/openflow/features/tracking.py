"""Connection tracking: packets of admitted connections go on by their mark, new ones to policy."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.features import gateways, midstream
from translators.openflow.features.queues import waiting
from translators.openflow.features.revocation import judged, revoked
from translators.openflow.features.shapes import established
from translators.openflow.fields import (
    CT_DNAT,
    CT_INVALID,
    CT_MARK,
    CT_NEW,
    CT_REPLY,
    CT_SNAT,
    CT_STATE,
    CT_TRACKED,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_OUTSIDE,
    FROM_PROXY,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IP_PROTO,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MARK_PROXY,
    ORIGIN,
    PORT,
    TCP_ACK,
    TCP_DST,
    TCP_FLAGS,
    TCP_SYN,
    TRACKED,
    UDP_DST,
    VIRTUAL_MAC,
)
from translators.openflow.flow import Flow, Move, Nat, SetField, Test, Track, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, UDP

TABLES = (Table.TRACK, Table.STATE)
_OWN = cookie(Cause.NONE)
_ORIGINAL: Test = (CT_STATE, CT_TRACKED, CT_TRACKED | CT_REPLY)
_REPLY: Test = (CT_STATE, CT_TRACKED | CT_REPLY, CT_TRACKED | CT_REPLY)
# Which way a packet of a marked connection may come, in which direction, and where it goes on.
_PATHS = (
    (MARK_CLIENT, _ORIGINAL, FROM_WORKLOAD, Table.STEER),
    (MARK_CLIENT, _REPLY, FROM_PROXY, Table.LOOKUP),
    (MARK_PROXY, _ORIGINAL, FROM_PROXY, Table.LOOKUP),
    (MARK_PROXY, _REPLY, FROM_WORKLOAD, Table.STEER),
    (MARK_PROXY, _REPLY, FROM_TUNNEL, Table.STEER),
)


def flows(site: Site) -> Iterator[Flow | Part]:
    """Yield the lookup and what follows; a way outside and shapes are all that the plan adds."""
    yield site.kept("", _all)
    yield from established(site)
    yield from waiting(site)


def _all(site: Site) -> Iterator[Flow]:
    for ether, protocol in TRACKED:
        tests = match((ETH_TYPE, ether), (IP_PROTO, protocol))
        acts = (Track(table=Table.STATE, nat=Nat()),)
        yield Flow(Table.TRACK, 100, tests, _OWN, acts)
    yield from gateways.asked()
    for ether in (ETH_IPV4, ETH_IPV6):  # other protocols have no state: every packet is judged
        workload = match((ETH_TYPE, ether), (ORIGIN, FROM_WORKLOAD))
        yield Flow(Table.TRACK, 60, workload, _OWN, goto=Table.VIRTUAL)
        yield Flow(Table.TRACK, 50, match((ETH_TYPE, ether)), _OWN, goto=Table.ADDRESS)
    yield Flow(Table.TRACK, 0, (), cookie(Cause.NO_PROTOCOL))
    invalid = (CT_STATE, CT_INVALID | CT_TRACKED, CT_INVALID | CT_TRACKED)
    yield Flow(Table.STATE, 200, match(invalid), cookie(Cause.INVALID))
    yield from _marked()
    if site.external is not None:
        yield from _outside()
    yield from judged(site)
    yield from revoked(site)
    yield from _new()
    yield from midstream.unknown()
    yield Flow(Table.STATE, 0, (), cookie(Cause.NO_CONNECTION))


def _marked() -> Iterator[Flow]:
    """Yield the ways of admitted connections; retransmitted first packets (+new) take them too."""
    for mark, direction, origin, goto in _PATHS:
        tests = match((CT_MARK, mark), direction, (ORIGIN, origin))
        yield Flow(Table.STATE, 150, tests, _OWN, goto=goto)
    for origin in (FROM_WORKLOAD, FROM_TUNNEL):
        direct: tuple[Test, ...] = ((CT_MARK, MARK_DIRECT, None), (ORIGIN, origin, None))
        yield Flow(Table.STATE, 150, match(*direct), _OWN, goto=Table.LOOKUP)
        # What came by a virtual address has the virtual MAC as its sender.
        for priority, translated in ((160, CT_SNAT), (161, CT_DNAT)):
            state = (CT_STATE, CT_TRACKED | translated, CT_TRACKED | translated)
            acts = (SetField(ETH_SRC, VIRTUAL_MAC),)
            tests = match(*direct, state)
            yield Flow(Table.STATE, priority, tests, _OWN, acts, Table.LOOKUP)
    for mark in (MARK_CLIENT, MARK_PROXY, MARK_DIRECT):
        yield Flow(Table.STATE, 140, match((CT_MARK, mark)), cookie(Cause.WRONG_WAY))


def _outside() -> Iterator[Flow]:
    """Yield the ways of connections that left: nothing else comes in from outside."""
    mark: Test = (CT_MARK, MARK_OUTSIDE, None)
    out = match(mark, _ORIGINAL, (ORIGIN, FROM_WORKLOAD))
    back = match(mark, _REPLY, (ORIGIN, FROM_OUTSIDE))
    yield Flow(Table.STATE, 150, out, _OWN, goto=Table.COPY)
    yield Flow(Table.STATE, 150, back, _OWN, goto=Table.LOOKUP)
    yield Flow(Table.STATE, 140, match(mark), cookie(Cause.WRONG_WAY))
    yield Flow(Table.STATE, 130, match((ORIGIN, FROM_OUTSIDE)), cookie(Cause.INBOUND))


def _new() -> Iterator[Flow]:
    """Yield the start of connections; TCP begins with a SYN, or a flush would not hold."""
    new: Test = (CT_STATE, CT_NEW | CT_TRACKED, CT_NEW | CT_TRACKED)
    for ether, protocol in TRACKED:
        tests: tuple[Test, ...] = (new, (ETH_TYPE, ether, None), (IP_PROTO, protocol, None))
        acts: tuple[Move, ...] = ()
        if protocol == TCP:
            tests = (*tests, (TCP_FLAGS, TCP_SYN, TCP_SYN | TCP_ACK))
            acts = (Move(TCP_DST, PORT, 16),)
        elif protocol == UDP:
            acts = (Move(UDP_DST, PORT, 16),)
        workload = match(*tests, (ORIGIN, FROM_WORKLOAD))
        yield Flow(Table.STATE, 110, workload, _OWN, acts, Table.VIRTUAL)
        yield Flow(Table.STATE, 100, match(*tests), _OWN, acts, Table.ADDRESS)
