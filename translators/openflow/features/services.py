"""Virtual addresses: which service port is meant, who is captured, which endpoint is chosen."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.features.choices import Choice, choice_key, choice_numbers, choices
from translators.openflow.features.commit import admitting
from translators.openflow.features.slots import repeated, slotted
from translators.openflow.fields import (
    DESTINATION,
    ETH_TYPE,
    FAMILIES,
    IP_PROTO,
    IPV4_SRC,
    IPV6_SRC,
    JUDGED,
    JUDGING,
    PORT,
    SERVICE,
    SOURCE,
    TCP_DST,
    TENANT,
    UDP_DST,
    destination_field,
    eth_type,
)
from translators.openflow.flow import (
    Act,
    Bucket,
    Flow,
    Group,
    Resubmit,
    SetField,
    Test,
    ToGroup,
    match,
)
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, Affinity, Endpoint, Service, ServicePort

Ends = tuple[Endpoint, ...]
Ids = tuple[int, ...]

TABLES = (Table.VIRTUAL, Table.BALANCE)


def flows(site: Site) -> Iterator[Part]:
    """Yield how virtual addresses lead to the proxy or to an endpoint."""
    for service in site.services:
        ends = _taking(site, service)
        yield site.kept(service.name, _led, service, ends)
        for port in service.ports:
            capture = site.plan.captured.get((service.name, port.port))
            if capture is not None and port.protocol.is_http:
                rule, sources = site.plan.rule[capture.rule], site.local(capture.sources)
                reads = (port, rule.number, admitting(rule), service, sources)
                yield site.kept(f"{service.name}:{port.name}", _captured, *reads)
    yield site.kept("", _chosen, choices(site))
    yield site.kept("", _misses)


def _misses(site: Site) -> Iterator[Flow]:
    del site
    yield Flow(Table.VIRTUAL, 0, (), cookie(Cause.NONE), goto=Table.ADDRESS)
    # The proxy's client whose capture has ended: no endpoint is chosen for what is established.
    again = match((JUDGED, JUDGING))
    yield Flow(Table.BALANCE, 90, again, cookie(Cause.NONE), goto=Table.POLICY)
    yield Flow(Table.BALANCE, 0, (), cookie(Cause.EMPTY))


def groups(site: Site) -> Iterator[Part]:
    """Yield one group for each service port and address family that has endpoints, and one
    for each set of endpoints that some source is restricted to.

    The destination is put into registers, so that policy sees it before anything is committed.
    """
    for service in site.services:
        ends = _taking(site, service)
        yield site.kept(service.name, _groups, service, ends)
    yield site.kept("", _choice_groups, choices(site))


def _groups(site: Site, service: Service, ends: Ends) -> Iterator[Group]:
    for port in service.ports:
        for family, _ in FAMILIES:
            if chosen := _of_family(site, ends, family):
                number, even = group_number(port, family), (1,) * len(chosen)
                yield _group(number, port, family, (tuple(chosen), even), service.affinity)


def _choice_groups(site: Site, found: tuple[Choice, ...]) -> Iterator[Group]:
    del site
    numbers = choice_numbers(found)
    own = {numbers[choice_key(choice)]: choice for choice in found if choice.endpoints}
    for number, choice in sorted(own.items(), key=lambda item: item[0]):
        ends = (choice.endpoints, choice.weights)
        yield _group(number, choice.port, choice.family, ends, choice.affinity)


def _group(
    number: int,
    port: ServicePort,
    family: int,
    ends: tuple[Ends, tuple[int, ...]],
    affinity: Affinity | None,
) -> Group:
    """Return the group of endpoints with these weights."""
    if affinity is None:
        weighed = zip(ends[0], slotted(ends[1]), strict=True)
        return Group(number, tuple(_bucket(e, port, weight) for e, weight in weighed))
    times = zip(ends[0], repeated(ends[1]), strict=True)
    buckets = (_bucket(e, port, 1, turn) for e, count in times for turn in range(count))
    return Group(number, tuple(buckets), (IPV4_SRC if family == 4 else IPV6_SRC,))


def group_number(port: ServicePort, family: int) -> int:
    """Return the group of a service port for 4 or 6."""
    return port.number << 1 | (family == 6)


def _taking(site: Site, service: Service) -> Ends:
    """Return the endpoints that new connections may be led to."""
    names = (name for name in service.endpoints if name not in service.draining)
    return tuple(site.plan.endpoint[name] for name in names)


def _bucket(endpoint: Endpoint, port: ServicePort, weight: int = 1, turn: int = 0) -> Bucket:
    writes = (SetField(DESTINATION, endpoint.identity), SetField(PORT, port.target))
    number = turn << 24 | endpoint.identity
    return Bucket(number, (*writes, Resubmit(Table.POLICY)), weight)


def _of_family(site: Site, ends: Ends, family: int) -> list[Endpoint]:
    return sorted((e for e in ends if family in site.families(e)), key=lambda e: e.identity)


def _led(site: Site, service: Service, ends: Ends) -> Iterator[Flow]:
    yield from _addresses(site, service)
    for port in service.ports:
        for family, ether in FAMILIES:
            yield _balanced(bool(_of_family(site, ends, family)), port, family, ether)


def _addresses(site: Site, service: Service) -> Iterator[Flow]:
    place: tuple[Test, ...] = (
        (TENANT, site.tenant(service.tenant), None),
        site.reaching(service.segment),
    )
    for vip in service.vips:
        there = (*place, (ETH_TYPE, eth_type(vip), None), (destination_field(vip), int(vip), None))
        for port in service.ports:
            transport = port.protocol.transport
            door = TCP_DST if transport == TCP else UDP_DST
            tests = match(*there, (IP_PROTO, transport), (door, port.port))
            acts = (SetField(SERVICE, port.number),)
            owner = cookie(Cause.SERVICE, port.number)
            yield Flow(Table.VIRTUAL, 100, tests, owner, acts, Table.BALANCE)
        first = service.ports[0].number if service.ports else 0
        yield Flow(Table.VIRTUAL, 50, match(*there), cookie(Cause.UNSERVED, first))


def _captured(
    site: Site, port: ServicePort, rule: int, acts: tuple[Act, ...], service: Service, sources: Ids
) -> Iterator[Flow]:
    del site
    owner = cookie(Cause.CAPTURE, rule)
    families = sorted({eth_type(vip) for vip in service.vips})
    for source in sources:
        for ether in families:
            tests = match((ETH_TYPE, ether), (SOURCE, source), (SERVICE, port.number))
            yield Flow(Table.BALANCE, 100, tests, owner, acts, Table.COMMIT)


def _balanced(served: bool, port: ServicePort, family: int, ether: int) -> Flow:
    tests = match((ETH_TYPE, ether), (SERVICE, port.number))
    if not served:
        return Flow(Table.BALANCE, 50, tests, cookie(Cause.EMPTY, port.number))
    acts = (ToGroup(group_number(port, family)),)
    return Flow(Table.BALANCE, 50, tests, cookie(Cause.SERVICE, port.number), acts)


def _chosen(site: Site, found: tuple[Choice, ...]) -> Iterator[Flow]:
    del site
    numbers = choice_numbers(found)
    ethers = dict(FAMILIES)
    for choice in found:
        who = ((SOURCE, choice.source), (SERVICE, choice.port.number))
        tests = match((ETH_TYPE, ethers[choice.family]), *who)
        if not choice.endpoints:
            yield Flow(Table.BALANCE, 60, tests, cookie(Cause.EMPTY, choice.port.number))
            continue
        acts = (ToGroup(numbers[choice_key(choice)]),)
        yield Flow(Table.BALANCE, 60, tests, cookie(Cause.SERVICE, choice.port.number), acts)
