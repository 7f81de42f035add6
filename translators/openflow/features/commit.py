"""Admitted connections are committed: NAT, the mark of their path, what they are judged by."""

from __future__ import annotations

from collections.abc import Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.features.midstream import answered
from translators.openflow.features.shapes import begun
from translators.openflow.fields import (
    ADMITTED,
    BY_SERVICE,
    CT_LABEL,
    CT_MARK,
    DESTINATION,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_PROXY,
    IP_PROTO,
    JUDGED,
    JUDGING,
    LABEL_LASTING,
    LABEL_PORT,
    LABEL_RULE,
    LABEL_SERVICE,
    LASTING,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MARK_PROXY,
    ORIGIN,
    OUTLIVES,
    OUTSIDE,
    PORT,
    RULE,
    SERVICE,
    TRACKED,
    VIRTUAL_MAC,
)
from translators.openflow.flow import Flow, Move, Nat, SetField, Test, Track, match
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, Address, Endpoint, Rule, Service, ServicePort

TABLES = (Table.COMMIT,)
_LABEL = (
    Move(RULE, CT_LABEL, 32, 0, LABEL_RULE),
    Move(SERVICE, CT_LABEL, 32, 0, LABEL_SERVICE),
    Move(PORT, CT_LABEL, 32, 0, LABEL_PORT),
    Move(LASTING, CT_LABEL, 32, 0, LABEL_LASTING),
)


def flows(site: Site) -> Iterator[Flow | Part]:
    """Yield the commits of new connections; protocols without state just go on."""
    yield site.kept("", _direct)
    yield from begun(site)
    for service in site.services:
        ends = tuple(site.plan.endpoint[name] for name in service.endpoints)
        yield site.kept(service.name, _translated, service, ends)


def _direct(site: Site) -> Iterator[Flow]:
    none = cookie(Cause.NONE)
    # What is judged again has been committed: it is told that it stands, and goes on where it was.
    again = match((JUDGED, JUDGING))
    yield Flow(Table.COMMIT, 200, again, none, (SetField(JUDGED, ADMITTED),))
    yield answered()
    for ether, protocol in TRACKED:
        tests = match((ETH_TYPE, ether), (IP_PROTO, protocol))
        yield Flow(Table.COMMIT, 80, tests, none, (committed(MARK_DIRECT),), Table.COPY)
        if protocol == TCP:
            # Captured: the proxy is yet to choose a destination.
            client = match((ETH_TYPE, ether), (IP_PROTO, protocol), (DESTINATION, 0))
            yield Flow(Table.COMMIT, 110, client, none, (committed(MARK_CLIENT),), Table.STEER)
            proxy = match((ETH_TYPE, ether), (IP_PROTO, protocol), (ORIGIN, FROM_PROXY))
            yield Flow(Table.COMMIT, 100, proxy, none, (committed(MARK_PROXY),), Table.DELIVER)
    if site.external is not None:
        yield from _leaving()
    for ether in (ETH_IPV4, ETH_IPV6):
        yield Flow(Table.COMMIT, 10, match((ETH_TYPE, ether)), none, goto=Table.COPY)
    yield Flow(Table.COMMIT, 0, (), cookie(Cause.NO_PROTOCOL))


def committed(mark: int, nat: Nat | None = None, table: int | None = None) -> Track:
    """Return the action that records a connection's path, and what it can be judged by again."""
    return Track(commit=True, table=table, nat=nat, execute=(SetField(CT_MARK, mark), *_LABEL))


def admitting(rule: Rule) -> tuple[SetField, ...]:
    """Return what a rule that admits a connection writes down about itself."""
    number = SetField(RULE, rule.number)
    return (number, SetField(LASTING, OUTLIVES)) if rule.drain else (number,)


def arriving(rule: Rule) -> tuple[SetField, ...]:
    """Return what a rule writes down that admits a connection of another host, by a service."""
    lasting = BY_SERVICE | OUTLIVES if rule.drain else BY_SERVICE
    return (SetField(RULE, rule.number), SetField(LASTING, lasting))


def _leaving() -> Iterator[Flow]:
    """Yield the commits of connections to networks outside; other protocols cannot leave."""
    there: Test = (DESTINATION, OUTSIDE, None)
    for ether, protocol in TRACKED:
        tests = match((ETH_TYPE, ether), (IP_PROTO, protocol), there)
        acts = (committed(MARK_OUTSIDE),)
        yield Flow(Table.COMMIT, 97, tests, cookie(Cause.NONE), acts, Table.COPY)
    yield Flow(Table.COMMIT, 95, match(there), cookie(Cause.OUTSIDE))


def _translated(site: Site, service: Service, ends: tuple[Endpoint, ...]) -> Iterator[Flow]:
    """Yield the NAT from service ports to each endpoint; the packet goes on translated."""
    del site
    for port in service.ports:
        for endpoint in ends:
            yield from _to(port, endpoint)


def _to(port: ServicePort, endpoint: Endpoint) -> Iterator[Flow]:
    chosen: dict[int, Address] = {}
    for address in endpoint.addresses:
        chosen.setdefault(address.version, address)
    for version, address in sorted(chosen.items()):
        ether = ETH_IPV4 if version == 4 else ETH_IPV6
        tests = match((ETH_TYPE, ether), (SERVICE, port.number), (DESTINATION, endpoint.identity))
        acts = (
            SetField(ETH_SRC, VIRTUAL_MAC),
            committed(MARK_DIRECT, Nat(address, port.target), Table.COPY),
        )
        yield Flow(Table.COMMIT, 90, tests, cookie(Cause.COMMIT, port.number), acts)
