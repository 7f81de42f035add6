"""Destination addresses become identities, within the reach of the source's segment only."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.each import Each
from translators.openflow.features.outside import within
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    FROM_WORKLOAD,
    ORIGIN,
    OUTSIDE,
    TENANT,
    destination_field,
    eth_type,
)
from translators.openflow.flow import Flow, SetField, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Endpoint, External, Network
from translators.plan.outside import NEVER

TABLES = (Table.ADDRESS, Table.LOOKUP)


def flows(site: Site) -> Iterator[Part | Each]:
    """Yield one flow an address for new connections and one for established ones."""
    yield site.each(_of_endpoint, lambda e: (e,) if site.is_known(e) else None)
    yield site.kept("", _nowhere)
    if site.external is not None:
        yield site.kept("", _outside, site.external)


def _of_endpoint(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    zone = site.reaching(endpoint.segment)
    tenant: Test = (TENANT, site.tenant(endpoint.tenant), None)
    owner = cookie(Cause.ADDRESS, endpoint.identity)
    acts = (SetField(DESTINATION, endpoint.identity),)
    for address in endpoint.addresses:
        there = (ETH_TYPE, eth_type(address)), (destination_field(address), int(address))
        tests = match(zone, tenant, *there)
        yield Flow(Table.ADDRESS, 100, tests, owner, acts, Table.POLICY)
        yield Flow(Table.LOOKUP, 100, match(zone, *there), owner, acts, Table.COPY)


def _nowhere(site: Site) -> Iterator[Flow]:
    """Yield drops that say why: nobody has the address, or it is another segment's.

    The flows above match across segments of one router only; these count the other attempts.
    """
    told: set[Network] = set()
    for segment in site.reached:
        for tests in (within(subnet) for subnet in segment.subnets):
            unknown = match(site.reaching(segment.name), *tests)
            yield Flow(Table.ADDRESS, 50, unknown, cookie(Cause.UNKNOWN, segment.number))
    for segment in sorted(site.plan.segments, key=lambda s: s.number):
        for subnet in segment.subnets:
            if subnet not in told:  # tenants may use the same private networks
                told.add(subnet)
                isolated = cookie(Cause.ISOLATION, segment.number)
                yield Flow(Table.ADDRESS, 40, match(*within(subnet)), isolated)
    yield Flow(Table.ADDRESS, 0, (), cookie(Cause.UNKNOWN))
    yield Flow(Table.LOOKUP, 0, (), cookie(Cause.UNKNOWN))


def _outside(site: Site, external: External) -> Iterator[Flow]:
    """Yield what a workload's packets may be for when no segment has their destination."""
    del site
    for network in NEVER:
        if external.address(network.version) is not None:
            tests = match(*within(network))
            yield Flow(Table.ADDRESS, 35, tests, cookie(Cause.UNKNOWN))
    for address in external.addresses:
        tests = match((ETH_TYPE, eth_type(address)), (ORIGIN, FROM_WORKLOAD))
        acts = (SetField(DESTINATION, OUTSIDE),)
        yield Flow(Table.ADDRESS, 30, tests, cookie(Cause.NONE), acts, Table.POLICY)
