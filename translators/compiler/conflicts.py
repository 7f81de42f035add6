"""Rules that never take effect, contradict each other or stay without traffic: warnings."""

from __future__ import annotations

from collections.abc import Iterator

from translators.compiler.draft import Clause, Draft
from translators.compiler.overlap import Reach, covered, overlapping
from translators.diagnostics import Diagnostic, report
from translators.plan.evaluate import covers_endpoint, covers_service, rules_for_service
from translators.plan.model import TCP, Action, Plan, Rule


def conflicts(draft: Draft) -> Iterator[Diagnostic]:
    """Yield every warning about rules and their order."""
    plan = draft.plan
    clauses = {clause.name: clause for clause in draft.clauses}
    earlier: dict[str, list[Reach]] = {}
    for rule in plan.rules:
        if not rule.sources or not (rule.endpoints or rule.services):
            continue  # its selectors are reported already
        clause = clauses[rule.name]
        reach = Reach.of(rule, clause.priority)
        before = earlier.setdefault(rule.tenant, [])
        if (first := next((r for r in before if covered(reach, r)), None)) is not None:
            yield _shadowed(rule, first.rule)
        else:
            yield from _contradiction(reach, before)
            yield from _starved(plan, rule)
        yield from _unreachable(plan, rule)
        yield from _own_client(plan, rule, clause)
        yield from _closed(plan, rule, clause)
        before.append(reach)


def _warn(code: str, rule: Rule, message: str) -> Diagnostic:
    return report(code, rule.origin.file, rule.origin.line, message)


def _shadowed(rule: Rule, first: Rule) -> Diagnostic:
    where = f"{first.name} ({first.origin})"
    if rule.needs_proxy and rule.action is Action.ALLOW and _plain_denial(first):
        return _warn("FS8002", rule, f"{where} denies every connection that would carry it")
    return _warn("FS4001", rule, f"{rule.name} never takes effect: {where} decides first")


def _plain_denial(rule: Rule) -> bool:
    return rule.action is Action.DENY and not rule.needs_proxy


def _starved(plan: Plan, rule: Rule) -> Iterator[Diagnostic]:
    """Yield a warning if denials of connections end every walk before this L7 allowance."""
    if rule.action is Action.DENY or not rule.needs_proxy:
        return
    denials: dict[str, Rule] = {}
    for decided in _walked(plan, rule):
        if rule in decided:
            return
        if decided and _plain_denial(decided[-1]):
            denials[decided[-1].name] = decided[-1]
    for denial in denials.values():
        where = f"{denial.name} ({denial.origin})"
        yield _warn("FS8002", rule, f"{where} denies every connection that would carry it")
        return


def _walked(plan: Plan, rule: Rule) -> Iterator[tuple[Rule, ...]]:
    """Yield the deciding rules of each service port and source that the rule is about."""
    for service in (plan.service[name] for name in rule.services):
        for port in (port for port in service.ports if port.protocol.is_http):
            for source in (plan.endpoint[name] for name in rule.sources):
                if source.segment != service.segment:
                    continue
                for family in sorted({address.version for address in source.addresses}):
                    if covers_service(rule, service, port, family):
                        yield rules_for_service(plan, source.name, service, port, family)


def _contradiction(reach: Reach, before: list[Reach]) -> Iterator[Diagnostic]:
    rule = reach.rule
    for other in before:
        first = other.rule
        if (
            other.priority == reach.priority
            and first.action is not rule.action
            and other.policy != reach.policy
            and overlapping(reach, other)
        ):
            message = (
                f"{first.name} ({first.origin}) would {first.action} and {rule.name} would "
                f"{rule.action} the same traffic at priority {reach.priority}"
            )
            yield _warn("FS4002", rule, message)
            return


def _unreachable(plan: Plan, rule: Rule) -> Iterator[Diagnostic]:
    sources = {plan.endpoint[name].segment for name in rule.sources}
    targets = {plan.endpoint[name].segment for name in rule.endpoints}
    targets |= {plan.service[name].segment for name in rule.services}
    if not sources & targets:
        message = (
            f"{rule.name} matches nothing: its sources are in {', '.join(sorted(sources))}, its "
            f"destinations in {', '.join(sorted(targets))}"
        )
        yield _warn("FS4003", rule, message)


def _own_client(plan: Plan, rule: Rule, clause: Clause) -> Iterator[Diagnostic]:
    if rule.action is Action.DENY or clause.selection.broad or clause.index:
        return  # once for each policy
    for name in rule.services:
        if both := sorted(set(rule.sources) & set(plan.service[name].endpoints)):
            yield _warn("FS4010", rule, f"{both[0]} is an endpoint and a client of {name}")


def _closed(plan: Plan, rule: Rule, clause: Clause) -> Iterator[Diagnostic]:
    if rule.action is Action.DENY or not clause.selection.named:
        return
    for capture in plan.captures:
        service = plan.service[capture.service]
        sources = sorted(set(capture.sources) & set(rule.sources))
        named = sorted(set(service.endpoints) & clause.selection.named)
        port = service.port(capture.port, TCP)
        if not sources or not named or port is None:
            continue
        if any(covers_endpoint(rule, named[0], family, TCP, port.target) for family in (4, 6)):
            message = (
                f"{sources[0]} does not reach port {port.target} of {named[0]} directly: "
                f"{capture.rule} sends its traffic to {service.name} through the proxy"
            )
            yield _warn("FS8003", rule, message)
            return
