"""Revocation: established connections are judged again, packet by packet, and cut once denied.

Policy sees the packets of a connection's own direction as it saw the first one: the label holds
the service port and the endpoint's port, which destination NAT would hide. No flow tells what was
revoked, so that nothing has to be remembered and a restart forgets nothing: whatever narrows
what is admitted ends what it had admitted. Replies follow; what was denied once is marked, and
then neither direction passes. The connections of rules that drain are not judged.

The proxy's half is not judged: its client's half is, and the proxy ends what it did for a client
that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.openflow.cookie import Cause, cookie
from translators.openflow.fields import (
    ADMITTED,
    AUDITED,
    CT_DNAT,
    CT_LABEL,
    CT_MARK,
    CT_RELATED,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    DESTINATION,
    ETH_IPV4,
    ETH_IPV6,
    ETH_SRC,
    ETH_TYPE,
    FROM_TUNNEL,
    FROM_WORKLOAD,
    IP_PROTO,
    JUDGED,
    JUDGING,
    LABEL_LASTING,
    LABEL_PORT,
    LABEL_SERVICE,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MARK_REVOKED,
    ORIGIN,
    PORT,
    SEGMENT,
    SERVICE,
    TCP_DST,
    TCP_FLAGS,
    TCP_RST,
    TCP_SRC,
    TCP_SYN,
    UDP_DST,
    UDP_SRC,
    VIRTUAL_MAC,
    ZONE_BITS,
    destination_field,
    eth_type,
    source_field,
)
from translators.openflow.flow import (
    Flow,
    Move,
    Punt,
    Resubmit,
    SetField,
    Test,
    Track,
    match,
)
from translators.openflow.part import Part
from translators.openflow.site import Site
from translators.openflow.tables import Table
from translators.plan.model import TCP, Address, Service

Door = tuple[Address, int]  # address and transport port

TABLES = (Table.REVOKE,)
_OWN = cookie(Cause.NONE)
_REVOKED = cookie(Cause.REVOKED)
# Errors about a connection (+rel) have not its protocol, and could not be judged as it is.
_ORIGINAL: Test = (CT_STATE, CT_TRACKED, CT_TRACKED | CT_REPLY | CT_RELATED)
_BY_SERVICE: Test = (CT_STATE, CT_TRACKED | CT_DNAT, CT_TRACKED | CT_REPLY | CT_RELATED | CT_DNAT)
_ENDING: Test = (CT_LABEL, 0, 1 << LABEL_LASTING)
_RESET: Test = (TCP_FLAGS, TCP_RST, TCP_RST)
_AGAIN = (
    Move(CT_LABEL, SERVICE, 32, LABEL_SERVICE, 0),
    Move(CT_LABEL, PORT, 32, LABEL_PORT, 0),
    SetField(JUDGED, JUDGING),
    SetField(AUDITED, 0xFFFFFFFF),  # audits count connections, not their packets
)
_WAYS = ((MARK_DIRECT, Table.LOOKUP), (MARK_CLIENT, Table.STEER))
_OUT = (MARK_OUTSIDE, Table.COPY)


def judged(site: Site) -> Iterator[Flow]:
    """Yield what sends connections to policy again, beside their ways in the table of states."""
    direct = (*_AGAIN, Resubmit(Table.ADDRESS))
    virtual = (SetField(ETH_SRC, VIRTUAL_MAC), *direct)
    for origin in (FROM_WORKLOAD, FROM_TUNNEL):
        who: tuple[Test, ...] = ((CT_MARK, MARK_DIRECT, None), (ORIGIN, origin, None), _ENDING)
        yield Flow(Table.STATE, 170, match(*who, _ORIGINAL), _OWN, direct, Table.REVOKE)
        yield Flow(Table.STATE, 171, match(*who, _BY_SERVICE), _OWN, virtual, Table.REVOKE)
    client = match((CT_MARK, MARK_CLIENT), (ORIGIN, FROM_WORKLOAD), _ENDING, _ORIGINAL)
    steered = (*_AGAIN, Resubmit(Table.BALANCE))
    yield Flow(Table.STATE, 170, client, _OWN, steered, Table.REVOKE)
    if site.external is not None:
        out = match((CT_MARK, MARK_OUTSIDE), (ORIGIN, FROM_WORKLOAD), _ENDING, _ORIGINAL)
        yield Flow(Table.STATE, 170, out, _OWN, direct, Table.REVOKE)


def revoked(site: Site) -> Iterator[Flow]:
    """Yield what becomes of connections that are marked as revoked: only an end gets through."""
    for ether in (ETH_IPV4, ETH_IPV6):
        segment: tuple[Test, ...] = ((ETH_TYPE, ether, None), (IP_PROTO, TCP, None))
        for mark, goto in _ways(site):
            dead: tuple[Test, ...] = (*segment, (CT_MARK, mark | MARK_REVOKED, None))
            yield Flow(Table.STATE, 150, match(*dead), _REVOKED, (Punt(),))
            if mark == MARK_DIRECT:
                yield Flow(Table.STATE, 151, match(*dead, _RESET), _OWN, goto=goto)


def _ways(site: Site) -> tuple[tuple[int, Table], ...]:
    return _WAYS if site.external is None else (*_WAYS, _OUT)


def killing(
    zone: int, protocol: int, ways: Iterable[tuple[Door, Door]], owner: int
) -> Iterator[Flow]:
    """Yield what meets packets of a session that was taken out of connection tracking.

    ``ways`` are its directions, from and to, as the bridge receives them. A SYN begins anew.
    """
    doors = (TCP_SRC, TCP_DST) if protocol == TCP else (UDP_SRC, UDP_DST)
    for (source, source_port), (target, target_port) in ways:
        tests: list[Test] = [
            (SEGMENT, zone, (1 << ZONE_BITS) - 1),
            (ETH_TYPE, eth_type(source), None),
            (IP_PROTO, protocol, None),
            (source_field(source), int(source), None),
            (destination_field(target), int(target), None),
            (doors[0], source_port, None),
            (doors[1], target_port, None),
            (CT_MARK, 0, None),
        ]
        if protocol == TCP:
            tests.append((TCP_FLAGS, 0, TCP_SYN))
        acts = (Punt(),) if protocol == TCP else ()
        yield Flow(Table.STATE, 210, match(*tests), owner, acts)


def flows(site: Site) -> Iterator[Flow | Part]:
    """Yield what follows from the second judgement."""
    for service in (service for service in site.services if service.cuts):
        ends = tuple(site.plan.endpoint[name].identity for name in service.endpoints)
        yield site.kept(service.name, _left, service, ends)
    for mark, goto in _ways(site):
        yield Flow(Table.REVOKE, 100, match((JUDGED, ADMITTED), (CT_MARK, mark)), _OWN, goto=goto)
        for ether in (ETH_IPV4, ETH_IPV6):
            cut = Track(commit=True, execute=(SetField(CT_MARK, mark | MARK_REVOKED),))
            which: tuple[Test, ...] = ((ETH_TYPE, ether, None), (CT_MARK, mark, None))
            yield Flow(Table.REVOKE, 50, match(*which), _REVOKED, (cut,))
            tcp = (*which, (IP_PROTO, TCP, None))
            # Behind a commit the packet would no longer show its connection.
            yield Flow(Table.REVOKE, 60, match(*tcp), _REVOKED, (Punt(), cut))
            yield Flow(Table.REVOKE, 70, match(*tcp, _RESET), _OWN, goto=goto)
    yield Flow(Table.REVOKE, 0, (), _REVOKED)


def _left(site: Site, service: Service, identities: tuple[int, ...]) -> Iterator[Flow]:
    """Yield the end of connections to endpoints that have left a service which cuts them."""
    del site
    denied = (SetField(JUDGED, JUDGING), Resubmit(Table.REVOKE))
    for port in service.ports:
        own: tuple[Test, ...] = (
            (JUDGED, ADMITTED, None),
            (CT_MARK, MARK_DIRECT, None),
            (SERVICE, port.number, None),
        )
        yield Flow(Table.REVOKE, 110, match(*own), _OWN, denied)
        for identity in identities:
            tests = match(*own, (DESTINATION, identity))
            yield Flow(Table.REVOKE, 120, tests, _OWN, goto=Table.LOOKUP)
