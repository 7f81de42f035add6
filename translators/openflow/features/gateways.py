"""Pings of gateways (RFC 792, RFC 4443), answered by the bridge of who asks, without policy.

They are the router's own affair: nothing is tracked, nothing is forwarded, and the answer goes
back to the port that asked. Only echo requests of workloads come to the table, so that other
packets are not told apart by their destination before connection tracking.
"""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    ECHO,
    ETH_DST,
    ETH_SRC,
    ETH_TYPE,
    FAMILIES,
    FROM_WORKLOAD,
    IP_PROTO,
    IP_TTL,
    ORIGIN,
    VIRTUAL_MAC,
    destination_field,
    source_field,
)
from translators.openflow.flow import Flow, Move, Nat, Reflect, SetField, Test, Track, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Address, Segment

TABLES = (Table.GATEWAY,)
_TTL = 64  # of an answer (RFC 1700)


def flows(site: Site) -> Iterator[Flow | Part]:
    """Yield an answer for each gateway within reach; other echo requests are tracked."""
    held: set[tuple[int, Address]] = set()
    for segment in site.reached:
        places = ((segment.zone, address) for address in segment.gateways)
        own = tuple(a for z, a in places if (z, a) not in held and not _is_held(site, z, a))
        held |= {(segment.zone, address) for address in own}
        yield site.kept(segment.name, _answers, segment, own)
    yield site.kept("", _others)


def asked() -> Iterator[Flow]:
    """Yield what leads workloads' echo requests here, for the table before."""
    for ether, protocol, kind, request, _ in ECHO:
        tests = match((ETH_TYPE, ether), (IP_PROTO, protocol), (kind, request))
        yield Flow(
            Table.TRACK,
            110,
            match(*tests, (ORIGIN, FROM_WORKLOAD)),
            cookie(Cause.NONE),
            goto=Table.GATEWAY,
        )


def _is_held(site: Site, zone: int, address: Address) -> bool:
    """Whether a workload or a service of the zone has an address."""
    plan = site.plan
    endpoint, service = plan.by_address.get(address), plan.by_vip.get(address)
    near = endpoint is not None and site.is_known(endpoint)
    holders = (endpoint if near else None, service)
    return any(one is not None and plan.segment[one.segment].zone == zone for one in holders)


def _answers(site: Site, segment: Segment, addresses: tuple[Address, ...]) -> Iterator[Flow]:
    owner = cookie(Cause.GATEWAY, segment.number)
    for address in addresses:
        yield _answer(site.reaching(segment.name), address, owner)


def _answer(place: Test, address: Address, owner: int) -> Flow:
    ether, protocol, kind, request, reply = ECHO[address.version == 6]
    sender, receiver = source_field(address), destination_field(address)
    tests = match(
        place,
        (ETH_TYPE, ether),
        (IP_PROTO, protocol),
        (kind, request),
        (receiver, int(address)),
    )
    acts = (
        Move(ETH_SRC, ETH_DST, 48),
        SetField(ETH_SRC, VIRTUAL_MAC),
        Move(sender, receiver, sender.width),
        SetField(sender, int(address)),
        SetField(kind, reply),
        SetField(IP_TTL, _TTL),
        Reflect(),
    )
    return Flow(Table.GATEWAY, 100, tests, owner, acts)


def _others(site: Site) -> Iterator[Flow]:
    del site
    acts = (Track(table=Table.STATE, nat=Nat()),)
    for _, ether in FAMILIES:
        yield Flow(Table.GATEWAY, 50, match((ETH_TYPE, ether)), cookie(Cause.NONE), acts)
    yield Flow(Table.GATEWAY, 0, (), cookie(Cause.NO_PROTOCOL))
