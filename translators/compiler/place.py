"""Which layer carries each rule, and why: the lowest that can decide, the proxy where needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from translators.compiler.draft import Clause, Draft
from translators.compiler.reasons import fabric_pins, placements
from translators.compiler.walk import Walk, walks
from translators.diagnostics import Diagnostic, report
from translators.plan.model import Capture, Layer, Plan, ProxyMode, Rule, Service, ServicePort


@dataclass(frozen=True, slots=True)
class Journey:
    """A source's traffic to a service port that goes through the proxy."""

    service: Service
    port: ServicePort
    walk: Walk
    reason: Rule


def place(draft: Draft) -> Draft:
    """Return the draft with captures and placements, and what no layer can carry."""
    plan = draft.plan
    clauses = {clause.name: clause for clause in draft.clauses}
    journeys = list(_journeys(plan))
    findings = [d for j in journeys for d in _impossible(plan, j, clauses)]
    findings.extend(fabric_pins(clauses.values()))
    proxied = [j for j in journeys if plan.endpoint[j.walk.source].proxy is not ProxyMode.NONE]
    captures = tuple(sorted(_captures(plan, proxied)))
    carried = [
        (rule.name, j.walk.source, j.service.name) for j in proxied for rule in j.walk.decided
    ]
    placed = placements(plan, carried)
    return replace(
        draft,
        plan=replace(plan, captures=captures, placements=placed),
        findings=draft.findings + tuple(findings),
    )


def _journeys(plan: Plan) -> Iterator[Journey]:
    wanted = {name for rule in plan.rules if rule.needs_proxy for name in rule.services}
    for service in plan.services:
        if service.name not in wanted:
            continue
        for port in service.ports:
            if not port.protocol.is_http:
                continue
            for walk in walks(plan, service, port):
                if walk.reason is not None:
                    yield Journey(service, port, walk, walk.reason)


def _captures(plan: Plan, journeys: Iterable[Journey]) -> Iterator[Capture]:
    rank = {rule.name: position for position, rule in enumerate(plan.rules)}
    by_port: dict[tuple[str, int], list[Journey]] = {}
    for journey in journeys:
        by_port.setdefault((journey.service.name, journey.port.port), []).append(journey)
    for (service, port), found in by_port.items():
        first = min((journey.reason for journey in found), key=lambda rule: rank[rule.name])
        sources = tuple(sorted(journey.walk.source for journey in found))
        yield Capture(service, port, sources, first.name, _why(first))


def _why(rule: Rule) -> str:
    if rule.http is not None:
        return f"{rule.name} matches HTTP fields, which only a proxy sees"
    if rule.route is not None:
        return f"{rule.name} routes requests, which only a proxy can"
    return f"{rule.name} is pinned to the proxy"


def _impossible(
    plan: Plan, journey: Journey, clauses: Mapping[str, Clause]
) -> Iterator[Diagnostic]:
    service, port, source = journey.service, journey.port, journey.walk.source
    place = f"port {port.port} of {service.name}"
    if plan.endpoint[source].proxy is ProxyMode.NONE:
        message = f"{_why(journey.reason)}, but workload {source} has proxy: none"
        yield _about("FS7002", journey.reason, message)
    for rule in journey.walk.partial:
        message = (
            f"the proxy decides on {place} for {source} because {_why(journey.reason)}, and this "
            f"rule selects some endpoints of it only"
        )
        yield _about("FS8001", rule, message)
    for rule in journey.walk.decided:
        if rule.enforce is Layer.VSWITCH and not rule.needs_proxy:
            message = f"{_why(journey.reason)}, so that the proxy decides on {place} for {source}"
            clause = clauses[rule.name]
            line = clause.at("enforce").line
            mend = "use enforce: auto, or put the rule before the other"
            yield report("FS8004", rule.origin.file, line, message, mend)


def _about(code: str, rule: Rule, message: str) -> Diagnostic:
    return report(code, rule.origin.file, rule.origin.line, message)
