"""ARP (RFC 826) and neighbour discovery (RFC 4861), answered by the bridge alone."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.each import Each
from translators.openflow.features.classify import SOLICITATION
from translators.openflow.features.dhcp import from_one_of, served
from translators.openflow.fields import (
    ARP_OP,
    ARP_SHA,
    ARP_SPA,
    ARP_THA,
    ARP_TPA,
    ETH_ARP,
    ETH_DST,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_OUTSIDE,
    FROM_PROXY,
    ICMPV6_CODE,
    ICMPV6_TYPE,
    IP_PROTO,
    IPV6_DST,
    IPV6_SRC,
    ND_ADVERTISEMENT,
    ND_OPTIONS,
    ND_RESERVED,
    ND_TARGET,
    ND_TLL,
    ORIGIN,
    SCRATCH,
    SOURCE,
    VIRTUAL_MAC,
    mac_value,
)
from translators.openflow.flow import Act, Flow, Move, Reflect, Resubmit, SetField, Test, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.dhcp import Network, clients, link_local, spoken
from translators.plan.model import ICMPV6, Address, Endpoint

TABLES = (Table.NEIGHBOUR, Table.ADVERTISE)
_SOLICITED_OVERRIDE = 0x60000000  # RFC 4861, section 4.4
_ROUTER = 0x80000000
_TARGET_LINK_ADDRESS = 2  # RFC 4861, section 4.6.1
_REQUEST: tuple[Test, ...] = ((ETH_TYPE, ETH_ARP, None), (ARP_OP, 1, None))
_ADVERTISES: tuple[Test, ...] = (
    (ETH_TYPE, ETH_IPV6, None),
    (IP_PROTO, ICMPV6, None),
    (ICMPV6_TYPE, ND_ADVERTISEMENT, None),
    (ICMPV6_CODE, 0, None),
)


def flows(site: Site) -> Iterator[Flow | Part | Each]:
    """Yield the answers: workloads by their own MAC, gateways and services by the virtual one."""
    yield site.kept("", _solicited)
    # A workload that asks for itself must hear nothing.
    yield site.each(_silent, lambda e: (e,) if site.is_attached(e) else None)
    here = {segment.name for segment in site.segments}  # others are asked for by nobody
    yield site.each(_workload, lambda e: (e,) if e.segment in here and site.is_known(e) else None)
    yield from _virtual(site)
    yield from _leased(site)


def _solicited(site: Site) -> Iterator[Flow]:
    silent = cookie(Cause.NEIGHBOUR)
    unspecified = match(*SOLICITATION, (IPV6_SRC, 0))  # duplicate address detection: RFC 4862, 5.4
    yield Flow(Table.NEIGHBOUR, 130, unspecified, cookie(Cause.SILENT))
    yield Flow(
        Table.NEIGHBOUR,
        100,
        match(*SOLICITATION),
        silent,
        (SetField(ICMPV6_TYPE, ND_ADVERTISEMENT), Resubmit(Table.ADVERTISE)),
    )
    if site.proxy_port is not None:
        yield from _answers_to_proxy(silent)
    if (external := site.external) is not None:
        asked: Test = (ORIGIN, FROM_OUTSIDE, None)
        for address in external.addresses:
            yield _answer(address, 100, (asked,), mac_value(external.mac), silent)
    for table in (Table.NEIGHBOUR, Table.ADVERTISE):
        yield Flow(table, 0, (), cookie(Cause.UNANSWERED))


def _silent(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    del site
    own = cookie(Cause.SILENT, endpoint.identity)
    for address in endpoint.addresses:
        yield _answer(address, 120, ((SOURCE, endpoint.identity, None),), None, own)


def _workload(site: Site, endpoint: Endpoint) -> Iterator[Flow]:
    place = site.within(endpoint.segment)
    silent, mac = cookie(Cause.NEIGHBOUR), mac_value(endpoint.mac)
    for address in endpoint.addresses:
        yield _answer(address, 100, (place,), mac, silent)


def _virtual(site: Site) -> Iterator[Flow]:
    """Yield the answers for what is nobody's own address: gateways, and then services."""
    here = {segment.name for segment in site.segments}
    taken: set[tuple[str, Address]] = set()
    virtual = [(s.name, a, True) for s in site.segments for a in s.gateways]
    virtual += [(s.segment, a, False) for s in site.services if s.segment in here for a in s.vips]
    for segment, address, router in virtual:
        owner = site.plan.by_address.get(address)
        if owner is not None and owner.segment == segment and site.is_known(owner):
            continue
        if (segment, address) not in taken:
            taken.add((segment, address))
            place, silent = site.within(segment), cookie(Cause.NEIGHBOUR)
            yield _answer(address, 100, (place,), VIRTUAL_MAC, silent, router)


def _leased(site: Site) -> Iterator[Flow]:
    """Yield what lets a DHCPv6 server answer: its segment's link-local addresses, for it alone.

    Those made of a workload's MAC are that workload's; of the others the bridge delivers a copy to
    all, to whichever MAC they are sent.
    """
    silent = cookie(Cause.NEIGHBOUR)
    for server in served(site):
        asks: Test = (SOURCE, server.identity, None)
        for speech in spoken(server) if server.name in site.local_ids else ():
            for network in speech.replies:
                tests = match(asks, *_ADVERTISES, from_one_of(network), _targets(network))
                yield Flow(Table.ADVERTISE, 90, tests, silent, _advertisement(VIRTUAL_MAC, False))
                for client in clients(site.plan, server, speech):
                    own, mac = link_local(client.mac), mac_value(client.mac)
                    yield _answer(own, 100, (asks, from_one_of(network)), mac, silent)


def _targets(network: Network) -> Test:
    return ND_TARGET, int(network.network_address), int(network.netmask)


def _answers_to_proxy(silent: int) -> Iterator[Flow]:
    """Yield answers to everything: whatever the proxy sends is the bridge's to deliver."""
    origin: Test = (ORIGIN, FROM_PROXY, None)
    tests = match(origin, *_REQUEST)
    yield Flow(Table.NEIGHBOUR, 110, tests, silent, _arp_reply(VIRTUAL_MAC))
    tests = match(origin, *_ADVERTISES)
    yield Flow(Table.ADVERTISE, 110, tests, silent, _advertisement(VIRTUAL_MAC, False))


def _answer(
    address: Address,
    priority: int,
    who: tuple[Test, ...],
    mac: int | None,
    owner: int,
    router: bool = False,
) -> Flow:
    """Return the flow that answers for an address, or with no MAC keeps silent about it."""
    if address.version == 4:
        tests = match(*who, *_REQUEST, (ARP_TPA, int(address)))
        acts = () if mac is None else _arp_reply(mac)
        return Flow(Table.NEIGHBOUR, priority, tests, owner, acts)
    tests = match(*who, *_ADVERTISES, (ND_TARGET, int(address)))
    acts = () if mac is None else _advertisement(mac, router)
    return Flow(Table.ADVERTISE, priority, tests, owner, acts)


def _arp_reply(mac: int) -> tuple[Act, ...]:
    """Return the actions that turn a request into its reply: sender and target change places."""
    return (
        Move(ETH_SRC, ETH_DST, 48),
        SetField(ETH_SRC, mac),
        SetField(ARP_OP, 2),
        Move(ARP_SHA, ARP_THA, 48),
        SetField(ARP_SHA, mac),
        Move(ARP_TPA, SCRATCH, 32),
        Move(ARP_SPA, ARP_TPA, 32),
        Move(SCRATCH, ARP_SPA, 32),
        Reflect(),
    )


def _advertisement(mac: int, router: bool) -> tuple[Act, ...]:
    flags = _SOLICITED_OVERRIDE | (_ROUTER if router else 0)
    return (
        Move(ETH_SRC, ETH_DST, 48),
        SetField(ETH_SRC, mac),
        Move(IPV6_SRC, IPV6_DST, 128),
        Move(ND_TARGET, IPV6_SRC, 128),
        SetField(ND_RESERVED, flags),
        SetField(ND_OPTIONS, _TARGET_LINK_ADDRESS),
        SetField(ND_TLL, mac),
        Reflect(),
    )
