"""Destination addresses become identities, within the reach of the source's segment only."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    DESTINATION,
    ETH_IPV4,
    ETH_IPV6,
    ETH_TYPE,
    IPV4_DST,
    IPV6_DST,
    TENANT,
    Field,
    destination_field,
    eth_type,
)
from translators.openflow.flow import Flow, SetField, Test, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Network, Segment

TABLES = (Table.ADDRESS, Table.LOOKUP)


def flows(site: Site) -> Iterator[Flow]:
    """Yield one flow an address for new connections and one for established ones."""
    for endpoint in (*site.attached, *site.remote):
        zone = site.reaching(endpoint.segment)
        tenant: Test = (TENANT, site.tenant(endpoint.tenant), None)
        owner = cookie(Cause.ADDRESS, endpoint.identity)
        acts = (SetField(DESTINATION, endpoint.identity),)
        for address in endpoint.addresses:
            there = (ETH_TYPE, eth_type(address)), (destination_field(address), int(address))
            tests = match(zone, tenant, *there)
            yield Flow(Table.ADDRESS, 100, tests, owner, acts, Table.POLICY)
            yield Flow(Table.LOOKUP, 100, match(zone, *there), owner, acts, Table.DELIVER)
    yield from _nowhere(site)
    yield Flow(Table.ADDRESS, 0, (), cookie(Cause.UNKNOWN))
    yield Flow(Table.LOOKUP, 0, (), cookie(Cause.UNKNOWN))


def _nowhere(site: Site) -> Iterator[Flow]:
    """Yield drops that say why: nobody has the address, or it is another segment's.

    The flows above match across segments of one router only; these count the other attempts.
    """
    told: set[Network] = set()
    for segment in site.reached:
        for tests in _subnets(segment):
            unknown = match(site.reaching(segment.name), *tests)
            yield Flow(Table.ADDRESS, 50, unknown, cookie(Cause.UNKNOWN, segment.number))
    for segment in sorted(site.plan.segments, key=lambda s: s.number):
        for subnet, tests in zip(segment.subnets, _subnets(segment), strict=True):
            if subnet not in told:  # tenants may use the same private networks
                told.add(subnet)
                isolated = cookie(Cause.ISOLATION, segment.number)
                yield Flow(Table.ADDRESS, 40, match(*tests), isolated)


def _subnets(segment: Segment) -> Iterator[tuple[Test, ...]]:
    for subnet in segment.subnets:
        ether, field = (ETH_IPV4, IPV4_DST) if subnet.version == 4 else (ETH_IPV6, IPV6_DST)
        yield ((ETH_TYPE, ether, None), *_within(field, subnet))


def _within(field: Field, subnet: Network) -> tuple[Test, ...]:
    if not subnet.prefixlen:
        return ()
    whole = subnet.prefixlen == subnet.max_prefixlen
    return ((field, int(subnet.network_address), None if whole else int(subnet.netmask)),)
