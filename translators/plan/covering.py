"""What a rule about services or endpoints covers, and which rules decide on a service port."""

from __future__ import annotations

from translators.plan.model import Plan, Rule, Service, ServicePort


def rules_for_service(
    plan: Plan, source: str, service: Service, port: ServicePort, family: int
) -> tuple[Rule, ...]:
    """Return the rules that decide on a whole service port, in order, up to the first L4 one.

    A rule that selects only some of the service's endpoints is not among them.
    """
    found = []
    for rule in plan.rules:
        if source in rule.sources and covers_service(rule, service, port, family):
            found.append(rule)
            if rule.decides and not _conditional(rule, port):
                break
    return tuple(found)


def covers_service(rule: Rule, service: Service, port: ServicePort, family: int) -> bool:
    """Whether the rule's destination holds for the service port as a whole."""
    if rule.http is not None and not port.protocol.is_http:
        return False
    protocol = port.protocol.transport
    if service.name in rule.services and rule.transport.covers(family, protocol, port.port):
        return True
    return (
        bool(service.endpoints)
        and rule.http is None
        and set(service.endpoints) <= set(rule.endpoints)
        and rule.transport.covers(family, protocol, port.target)
    )


def covers_endpoint(rule: Rule, target: str, family: int, protocol: int, port: int) -> bool:
    """Whether the rule selects this endpoint and its own port."""
    return (
        rule.http is None
        and target in rule.endpoints
        and rule.transport.covers(family, protocol, port)
    )


def _conditional(rule: Rule, port: ServicePort) -> bool:
    return rule.http is not None and port.protocol.is_http
