"""What ends a packet on a bridge, from the cookies of the flows that do: causes named once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from translators.openflow.cookie import Cause, Subject, cause_of, subject_of
from translators.plan.model import Action, Plan, Rule, Tenant

# By cause: its name for users and metrics, and what it means.
_NAMES: Mapping[Cause, tuple[str, str]] = {
    Cause.UNKNOWN_PORT: ("unknown-port", "no workload, proxy or tunnel has the port"),
    Cause.SPOOFED: (
        "spoofed-source",
        "the source address does not belong to the workload's port",
    ),
    Cause.LINK_LOCAL: ("link-local", "IPv6 link-local traffic stays on the workload's own link"),
    Cause.STRAY: ("stray", "it came from outside and is for none of the host's addresses"),
    Cause.FORGED: ("forged-neighbour", "the bridge alone speaks for neighbours and routers"),
    Cause.UNANSWERED: ("unanswered-neighbour", "nobody whom ARP or ND asks for is within reach"),
    Cause.SILENT: ("own-neighbour", "a workload that asks for its own address is left unanswered"),
    Cause.NO_PROTOCOL: ("no-protocol", "it is neither IPv4 nor IPv6"),
    Cause.INVALID: ("invalid-state", "connection tracking holds the packet for invalid"),
    Cause.WRONG_WAY: ("wrong-way", "a known connection's packet came from where it may not"),
    Cause.NO_CONNECTION: (
        "no-connection",
        "the packet begins no connection that the bridge may track",
    ),
    Cause.EMPTY: ("no-endpoint", "no endpoint of this address family gets new connections"),
    Cause.UNSERVED: ("no-service-port", "the service has no such port"),
    Cause.UNKNOWN: ("unknown-destination", "no workload or service has the destination address"),
    Cause.ISOLATION: (
        "isolation",
        "segments without a common router, and tenants, are isolated from each other",
    ),
    Cause.OWN: ("own-address", "a workload's own address never leaves it"),
    Cause.CLOSURE: ("proxy-only", "direct access would go around the proxy"),
    Cause.RULE: ("rule", "a rule denies it"),
    Cause.NO_TENANT: ("no-tenant", "no tenant here has the packet"),
    Cause.UNCAPTURED: ("proxy", "the proxy reaches only what its clients are captured for"),
    Cause.NO_PROXY: ("no-proxy", "the host has no proxy port on its bridge"),
    Cause.UNDELIVERED: (
        "undelivered",
        "the destination has no port on its bridge, and no tunnel leads there",
    ),
    Cause.NO_DHCP: ("dhcp", "the segment's DHCP server cannot be reached from here"),
    Cause.EXPIRED: ("ttl-expired", "the packet's TTL ends at the router"),
    Cause.OUTSIDE: ("outside", "no rule lets it leave, or its protocol cannot"),
    Cause.INBOUND: ("inbound", "nothing from outside begins a connection"),
    Cause.REVOKED: ("revoked", "policy admits the connection no longer"),
    Cause.KILLED: ("killed", "the session was killed"),
    Cause.LOST: (
        "lost-connection",
        "connection tracking does not know its connection; the sender gets a reset",
    ),
    Cause.SHAPE: ("shape", "the rule that admits it has a rate, which is used up"),
}
REASONS: Mapping[Cause, str] = {cause: reason for cause, (_, reason) in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a flow ends packets; ``dropped`` is False where it only tells what would be denied."""

    cause: str
    reason: str
    subject: str  # the name of what it is about; empty: nothing in particular
    origin: str  # the line behind it; empty: nobody's
    dropped: bool = True


def drop_of(plan: Plan, cookie: int) -> Drop | None:
    """Return why the flow of a cookie ends packets; None where it lets them go on."""
    cause, subject = cause_of(cookie), subject_of(plan, cookie)
    if cause is Cause.DEFAULT:
        return _default(subject) if isinstance(subject, Tenant) else None
    if cause is Cause.RULE:
        denies = isinstance(subject, Rule) and subject.action is Action.DENY
        return _drop(cause, subject) if denies else None
    if cause is None or cause is Cause.SHAPE:
        return None
    return _drop(cause, subject) if cause in _NAMES else None


def shaped(rule: Rule) -> Drop:
    """Return why the meters of a rule drop packets."""
    return _drop(Cause.SHAPE, rule)


def _drop(cause: Cause, subject: Subject | None) -> Drop:
    name, reason = _NAMES[cause]
    return Drop(name, reason, *_told(subject))


def _told(subject: Subject | None) -> tuple[str, str]:
    return ("", "") if subject is None else (subject.name, str(subject.origin))


def _default(tenant: Tenant) -> Drop | None:
    if tenant.default is Action.ALLOW:
        return None
    if tenant.default is Action.AUDIT:
        reason = "no rule matches; the tenant's default audits it, and lets it pass"
        return Drop("audit", reason, *_told(tenant), dropped=False)
    return Drop("default", "no rule matches; the tenant's default is deny", *_told(tenant))
