"""Cookies: who owns a flow, which feature made it, and which object of the plan it is for."""

from __future__ import annotations

from enum import IntEnum

from translators.plan.model import Endpoint, Origin, Plan, Rule, Segment, Service, Tenant

Subject = Rule | Endpoint | Service | Segment | Tenant

OWNER = 0xF5D0
OWNER_COOKIE = OWNER << 48
OWNER_MASK = 0xFFFF << 48


class Cause(IntEnum):
    """The feature behind a flow; the comment says what the cookie's object id is."""

    NONE = 0  # nothing: the pipeline's own flows
    PORT = 1  # endpoint identity
    SOURCE = 2  # endpoint identity
    NEIGHBOUR = 3  # endpoint identity
    SERVICE = 4  # service port number
    CAPTURE = 5  # rule number
    EMPTY = 6  # service port number
    UNSERVED = 7  # number of the service's first port
    ADDRESS = 8  # endpoint identity
    UNKNOWN = 9  # segment number
    ISOLATION = 10  # segment number
    OWN = 11  # endpoint identity
    CLOSURE = 12  # rule number
    RULE = 13  # rule number
    CLAUSE = 14  # rule number, or 0 where rules share it
    DEFAULT = 15  # tenant number
    PROXY = 16  # rule number
    COMMIT = 17  # service port number
    STEER = 18  # nothing
    DELIVER = 19  # endpoint identity
    GATEWAY = 20  # segment number
    EXPIRED = 40  # conntrack zone of the router
    OUTSIDE = 41  # nothing
    INBOUND = 42  # nothing
    DHCP = 43  # the server's identity
    AUDIT = 44  # rule number
    REVOKED = 60  # nothing
    KILLED = 61  # nothing; not part of a program: they go when their session has ended
    LOST = 62  # nothing
    SHAPE = 45  # rule number
    # Flows that end a packet and have no other cause; ``drops`` says what each means.
    UNKNOWN_PORT = 70  # nothing
    SPOOFED = 71  # endpoint identity, 0 for what came from the proxy or the tunnel
    LINK_LOCAL = 72  # nothing
    FORGED = 73  # nothing
    UNANSWERED = 74  # nothing
    SILENT = 75  # endpoint identity, 0 for duplicate address detection
    NO_PROTOCOL = 76  # nothing
    INVALID = 77  # nothing
    WRONG_WAY = 78  # nothing
    NO_CONNECTION = 79  # nothing
    NO_TENANT = 80  # nothing
    UNCAPTURED = 81  # nothing
    NO_PROXY = 82  # nothing
    UNDELIVERED = 83  # nothing
    NO_DHCP = 84  # nothing
    STRAY = 85  # nothing
    MIRROR = 90  # rule number
    COPY = 91  # the collector's identity


_OF_RULE = (
    Cause.CAPTURE,
    Cause.CLOSURE,
    Cause.RULE,
    Cause.CLAUSE,
    Cause.PROXY,
    Cause.AUDIT,
    Cause.SHAPE,
    Cause.MIRROR,
)
_OF_ENDPOINT = (
    Cause.PORT,
    Cause.SOURCE,
    Cause.NEIGHBOUR,
    Cause.ADDRESS,
    Cause.OWN,
    Cause.DELIVER,
    Cause.DHCP,
    Cause.SPOOFED,
    Cause.SILENT,
    Cause.COPY,
)
_OF_SERVICE = (Cause.SERVICE, Cause.EMPTY, Cause.UNSERVED, Cause.COMMIT)
_OF_SEGMENT = (Cause.UNKNOWN, Cause.ISOLATION, Cause.GATEWAY)


def cookie(cause: Cause, object_id: int = 0) -> int:
    """Return the 64-bit cookie: owner (16 bits), cause (16 bits), object id (32 bits)."""
    return OWNER_COOKIE | cause << 32 | object_id


def is_ours(value: int) -> bool:
    """Whether a flow with this cookie belongs to this controller."""
    return value & OWNER_MASK == OWNER_COOKIE


def cause_of(value: int) -> Cause | None:
    """Return the feature behind a cookie; None for a cookie that is not ours."""
    number = value >> 32 & 0xFFFF
    if not is_ours(value) or number not in Cause.__members__.values():
        return None
    return Cause(number)


def rule_of(plan: Plan, value: int) -> Rule | None:
    """Return the rule that a flow enforces; None where no single rule is behind it."""
    if cause_of(value) not in _OF_RULE:
        return None
    return plan.by_number.get(value & 0xFFFFFFFF)


def subject_of(plan: Plan, value: int) -> Subject | None:
    """Return what a flow is for; None for the pipeline's own flows."""
    cause, number = cause_of(value), value & 0xFFFFFFFF
    if cause in _OF_RULE:
        return rule_of(plan, value)
    if cause in _OF_ENDPOINT:
        return plan.by_identity.get(number)
    if cause in _OF_SERVICE:
        ports = ((service, port.number) for service in plan.services for port in service.ports)
        return next((service for service, own in ports if own == number), None)
    if cause in _OF_SEGMENT:
        return next((s for s in plan.segments if s.number == number), None)
    if cause is Cause.DEFAULT:
        return next((t for t in plan.tenants if t.number == number), None)
    return None


def origin_of(plan: Plan, value: int) -> Origin | None:
    """Return where an author wrote what a flow is for; None for the pipeline's own flows."""
    subject = subject_of(plan, value)
    return None if subject is None else subject.origin
