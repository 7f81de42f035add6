"""The walk through the rules of a service port: who decides for each source, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from translators.compiler.draft import Draft, Ranked
from translators.compiler.routers import joined
from translators.plan.covering import covers_endpoint, covers_service
from translators.plan.model import Rule, Service, ServicePort


@dataclass(frozen=True, slots=True)
class Station:
    """A rule that covers a service port, as a whole or (``part``) for some endpoints only."""

    rule: Rule
    sources: frozenset[str]
    part: bool
    ends: bool  # it decides whatever the request says


@dataclass(frozen=True, slots=True)
class Walk:
    """What decides on one source's traffic to a service port, over all its address families."""

    source: str
    decided: tuple[Rule, ...]
    partial: tuple[Rule, ...]

    @property
    def reason(self) -> Rule | None:
        """The first rule that needs the proxy; None: the vswitch decides alone."""
        return next((rule for rule in self.decided if rule.needs_proxy), None)


def walks(draft: Draft, service: Service, port: ServicePort) -> Iterator[Walk]:
    """Yield a walk for each endpoint that some rule needing a proxy lets at an HTTP port.

    The rules are those of ``covering.rules_for_service``, for each address family that the
    source and the service share.
    """
    rules = [draft.rules.rows[name] for name in draft.index.about(service)]
    lines = {
        family: tuple(stations(rules, service, port, family))
        for family in sorted({vip.version for vip in service.vips})
    }
    wanting = [s.sources for line in lines.values() for s in line if s.rule.needs_proxy]
    for name in sorted(frozenset[str]().union(*wanting)):
        endpoint = draft.endpoints.rows[name]
        if joined(draft, endpoint.segment, service.segment):
            families = {address.version for address in endpoint.addresses}
            chosen = [line for family, line in lines.items() if family in families]
            yield walk(name, chosen)


def stations(
    rules: list[Ranked], service: Service, port: ServicePort, family: int
) -> Iterator[Station]:
    """Yield the rules that cover a service port in one address family, in order."""
    protocol = port.protocol.transport
    for ranked in rules:
        rule = ranked.rule
        if covers_service(rule, service, port, family):
            yield Station(rule, ranked.sources, False, rule.decides and rule.http is None)
        elif any(
            covers_endpoint(rule, name, family, protocol, port.target) for name in service.endpoints
        ):
            yield Station(rule, ranked.sources, True, False)


def walk(source: str, lines: list[tuple[Station, ...]]) -> Walk:
    """Return what decides for one source, over the stations of its address families."""
    decided: dict[str, Rule] = {}
    partial: dict[str, Rule] = {}
    for line in lines:
        for station in line:
            if source not in station.sources:
                continue
            (partial if station.part else decided)[station.rule.name] = station.rule
            if station.ends:
                break
    return Walk(source, tuple(decided.values()), tuple(partial.values()))
