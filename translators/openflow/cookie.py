"""Cookies: who owns a flow, which feature made it, and which object of the plan it is for."""

from __future__ import annotations

from enum import IntEnum

from translators.plan.model import Origin, Plan, Rule

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
    EXPIRED = 40  # conntrack zone of the router
    OUTSIDE = 41  # nothing
    INBOUND = 42  # nothing
    DHCP = 43  # the server's identity
    AUDIT = 44  # rule number
    REVOKED = 60  # nothing
    KILLED = 61  # nothing; not part of a program: they go when their session has ended
    SHAPE = 45  # rule number


_OF_RULE = (
    Cause.CAPTURE,
    Cause.CLOSURE,
    Cause.RULE,
    Cause.CLAUSE,
    Cause.PROXY,
    Cause.AUDIT,
    Cause.SHAPE,
)
_OF_ENDPOINT = (
    Cause.PORT,
    Cause.SOURCE,
    Cause.NEIGHBOUR,
    Cause.ADDRESS,
    Cause.OWN,
    Cause.DELIVER,
    Cause.DHCP,
)
_OF_SERVICE = (Cause.SERVICE, Cause.EMPTY, Cause.UNSERVED, Cause.COMMIT)
_OF_SEGMENT = (Cause.UNKNOWN, Cause.ISOLATION)


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


def origin_of(plan: Plan, value: int) -> Origin | None:
    """Return where an author wrote what a flow is for; None for the pipeline's own flows."""
    cause, number = cause_of(value), value & 0xFFFFFFFF
    if cause in _OF_RULE:
        rule = rule_of(plan, value)
        return rule.origin if rule is not None else None
    if cause in _OF_ENDPOINT:
        found = plan.by_identity.get(number)
        return None if found is None else found.origin
    if cause in _OF_SERVICE:
        ports = ((s.origin, port.number) for s in plan.services for port in s.ports)
        return next((origin for origin, own in ports if own == number), None)
    if cause in _OF_SEGMENT:
        return next((s.origin for s in plan.segments if s.number == number), None)
    if cause is Cause.DEFAULT:
        return next((t.origin for t in plan.tenants if t.number == number), None)
    return None
