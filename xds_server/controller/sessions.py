"""Sessions: what hosts' connections are in the words of the policy, and how one is ended."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from translators.openflow.cookie import Cause, cookie
from translators.openflow.encode import encode
from translators.openflow.features.revocation import killing
from translators.openflow.fields import (
    LABEL_RULE,
    LABEL_SERVICE,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_OUTSIDE,
    MARK_PROXY,
    MARK_REVOKED,
)
from translators.openflow.flow import program
from translators.plan.model import TCP, UDP, Plan
from xds_server.controller.ends import PATHS, Ends
from xds_server.controller.host_agents import Answer, Seen
from xds_server.protocols.openflow.orders import CtFlush, Order, ShortFlow
from xds_server.snapshots.model import FlowEntry, FlowKey

KILL_SECONDS = 3600  # how long an end that is silent is still told, at its next packet
DROP_SECONDS = 30  # of silence, until datagrams may begin a session anew
_PATHS = {
    MARK_DIRECT: "direct",
    MARK_CLIENT: "client",
    MARK_PROXY: "proxy",
    MARK_OUTSIDE: "outside",
}
_PROTOCOLS = {1: "icmp", TCP: "tcp", UDP: "udp", 58: "icmpv6"}


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that a host's bridge tracks; names are empty where the plan knows none.

    ``path``: ``direct``, ``outside``, or the ``client`` or ``proxy`` half of a captured one.
    ``age`` is in seconds, None where it began before the agent did; counts are None where nobody
    counts.
    """

    id: str
    host: str
    ends: Ends
    protocol: str
    path: str
    source: str
    service: str
    endpoint: str
    rule: str
    origin: str
    state: str
    age: float | None
    packets: int | None
    bytes: int | None
    draining: bool = False  # the endpoint gets no new sessions of the service, or has left it


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are meant; what is empty matches everything. Names with or without tenant."""

    workload: str = ""
    service: str = ""
    policy: str = ""

    def covers(self, one: Session) -> bool:
        """Whether a session is meant."""
        policy = one.rule.partition("[")[0]
        return (
            any(_named(self.workload, name) for name in (one.source, one.endpoint))
            and _named(self.service, one.service)
            and _named(self.policy, policy)
        )


def sessions_of(plan: Plan, host: str, answer: Answer) -> tuple[Session, ...]:
    """Return a host's sessions, by id: those whose client is there."""
    services = {port.number: s.name for s in plan.services for port in s.ports}
    found = [_session(plan, host, seen, services) for seen in answer.seen]
    here = [s for s in found if s.source and plan.endpoint[s.source].host == host]
    return tuple(sorted(here, key=lambda session: session.id))


def _session(plan: Plan, host: str, seen: Seen, services: dict[int, str]) -> Session:
    one = seen.connection
    path, way = one.mark & PATHS, one.original
    client, virtual = (
        (way.source, way.source_port),
        (way.destination, way.destination_port),
    )
    server = (one.reply.source, one.reply.source_port)
    ends = Ends(one.zone, path, client, virtual, server, one.protocol)
    rule = plan.by_number.get(one.label >> LABEL_RULE & 0xFFFFFFFF)
    source, endpoint = plan.by_address.get(client[0]), plan.by_address.get(server[0])
    by = services.get(one.label >> LABEL_SERVICE & 0xFFFFFFFF, "")
    counts = [w for w in (one.original, one.reply) if w.packets is not None]
    return Session(
        id=_id(host, one.key),
        host=host,
        ends=ends,
        protocol=_PROTOCOLS.get(one.protocol, str(one.protocol)),
        path=_PATHS.get(path, "") + (" (cut)" if one.mark & MARK_REVOKED else ""),
        source=source.name if source else "",
        service=by,
        endpoint=endpoint.name if endpoint else "",
        rule=rule.name if rule else "",
        origin=str(rule.origin) if rule else "",
        state=one.state,
        age=seen.age,
        packets=sum(w.packets or 0 for w in counts) if counts else None,
        bytes=sum(w.bytes or 0 for w in counts) if counts else None,
        draining=endpoint is not None and _drains(plan, by, endpoint.name, path),
    )


def _drains(plan: Plan, service: str, endpoint: str, path: int) -> bool:
    """Whether a session's endpoint gets no new ones the way that it came."""
    if service and path != MARK_CLIENT:
        found = plan.service[service]
        return endpoint in found.draining or endpoint not in found.endpoints
    drained = [s for s in plan.services if endpoint in s.draining]
    return path == MARK_PROXY and bool(drained)


def kill_orders(session: Session, number: int) -> list[Order]:
    """Return what ends a session: short flows for what its ends still send, then a flush.

    The flush ends it, since nothing but a SYN begins a TCP session; the flows bring TCP packets
    to us, to be answered by resets, and keep datagrams from beginning the session anew.
    """
    ends = session.ends
    idle = KILL_SECONDS if ends.protocol == TCP else DROP_SECONDS
    server = ends.server or ends.virtual
    ways = ((ends.client, ends.virtual), (server, ends.client))
    flows = killing(ends.zone, ends.protocol, ways, cookie(Cause.KILLED, number))
    entries = [
        FlowEntry(FlowKey(f.table, f.priority, f.match), f.cookie, f.instructions)
        for f in encode(program(flows, ())).flows
    ]
    return [*(ShortFlow(e, idle) for e in entries), CtFlush(ends.zone, ends.connection)]


def _id(host: str, key: tuple[object, ...]) -> str:
    text = " ".join(str(part) for part in key)
    return f"{host}-{blake2b(text.encode(), digest_size=4).hexdigest()}"


def _named(wanted: str, name: str) -> bool:
    return wanted in ("", name, name.rpartition("/")[2])
