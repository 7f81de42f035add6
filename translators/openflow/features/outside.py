"""Networks outside: connections leave under the host's address, and only their answers come back.

A connection is tracked twice: in its segment's zone, where policy's decision is kept, and in one
zone of all segments, where the host's address is lent. The second is asked first on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from translators.openflow.cookie import Cause, cookie
from translators.openflow.decision import transport_tests
from translators.openflow.features.delivery import expired
from translators.openflow.fields import (
    CT_INVALID,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    DESTINATION,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FAMILIES,
    IP_TTL,
    IPV4_DST,
    IPV6_DST,
    OUTSIDE,
    SEGMENT,
    TENANT,
    VIRTUAL_MAC,
    destination_field,
    eth_type,
)
from translators.openflow.flow import DecTtl, Flow, Match, Nat, SetField, Test, Track, match
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import Address, Endpoint, Network, Rule

TABLES = (Table.INBOUND, Table.RETURN, Table.LEAVE)
_NONE = cookie(Cause.NONE)


def flows(site: Site) -> Iterator[Flow]:
    """Yield the way out and back, where the host has one."""
    external = site.external
    if external is None:
        return
    owner = cookie(Cause.EXPIRED, external.zone)
    for ether, left in ((ether, left) for _, ether in FAMILIES for left in (0, 1)):
        yield Flow(Table.RETURN, 110, match((ETH_TYPE, ether), (IP_TTL, left)), owner)
        yield from expired(Table.LEAVE, 110, owner, ether, left)
    for address in external.addresses:
        yield _leaving(address, external.zone)
        acts = (Track(table=Table.RETURN, nat=Nat()),)
        yield Flow(Table.INBOUND, 100, match((ETH_TYPE, eth_type(address))), _NONE, acts)
    for endpoint in site.attached:
        for address in endpoint.addresses:
            if external.address(address.version) is not None:
                yield _returning(site, endpoint, address)
    yield Flow(Table.INBOUND, 0, (), cookie(Cause.INBOUND))
    yield Flow(Table.RETURN, 0, (), cookie(Cause.INBOUND))
    yield Flow(Table.LEAVE, 0, (), cookie(Cause.OUTSIDE))


def _leaving(address: Address, zone: int) -> Flow:
    acts = (
        DecTtl(),
        SetField(DESTINATION, OUTSIDE),
        SetField(SEGMENT, zone),
        Track(commit=True, table=Table.DELIVER, nat=Nat(address, source=True)),
    )
    return Flow(Table.LEAVE, 100, match((ETH_TYPE, eth_type(address))), _NONE, acts)


def _returning(site: Site, endpoint: Endpoint, address: Address) -> Flow:
    answer: Test = (CT_STATE, CT_TRACKED | CT_REPLY, CT_TRACKED | CT_REPLY | CT_INVALID)
    there = (ETH_TYPE, eth_type(address)), (destination_field(address), int(address))
    acts = (
        DecTtl(),
        SetField(ETH_SRC, VIRTUAL_MAC),
        SetField(SEGMENT, site.segment(endpoint.segment)),
        SetField(TENANT, site.tenant(endpoint.tenant)),
    )
    owner = cookie(Cause.ADDRESS, endpoint.identity)
    return Flow(Table.RETURN, 100, match(answer, *there), owner, acts, Table.TRACK)


def external_clauses(site: Site, rule: Rule) -> Iterator[tuple[tuple[Match, ...], ...]]:
    """Yield the clauses of a rule's networks outside, one alternative for each family."""
    external = site.external
    if external is None or rule.http is not None:
        return
    for address in external.addresses:
        networks = [n for n in rule.externals if n.version == address.version]
        if networks and rule.transport.family in (None, address.version):
            family = replace(rule.transport, family=address.version)
            yield tuple(match(_LEAVES, *within(n)) for n in networks), transport_tests(family)


_LEAVES: Test = (DESTINATION, OUTSIDE, None)


def within(network: Network) -> tuple[Test, ...]:
    """Return the tests that a packet's destination lies in a network."""
    ether, field = (ETH_IPV4, IPV4_DST) if network.version == 4 else (ETH_IPV6, IPV6_DST)
    family: Test = (ETH_TYPE, ether, None)
    if not network.prefixlen:
        return (family,)
    whole = network.prefixlen == network.max_prefixlen
    return family, (field, int(network.network_address), None if whole else int(network.netmask))
