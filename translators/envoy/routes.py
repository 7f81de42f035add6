"""Route configurations: a group's rules in order, the first match decides, then the default."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    Route,
    RouteAction,
    RouteActionHashPolicy,
    RouteActionHashPolicyConnectionProperties,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
    WeightedClusterClusterWeight,
)
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher

from translators.envoy.clusters import Destination
from translators.envoy.filters.audit import audits
from translators.envoy.filters.rbac import denial
from translators.envoy.groups import Door, Group
from translators.envoy.matches import can_match, route_match
from translators.envoy.provenance import provenance
from translators.envoy.retries import retried
from translators.plan.model import Action, Rule, Share
from translators.plan.model import Route as PlanRoute

BAD_REQUEST, FORBIDDEN, UNAVAILABLE = 400, 403, 503
DISGUISED = r".*/\.\.?;.*"  # as translators.plan.http: a dot segment behind parameters
WHOLE_SERVICE = PlanRoute((Share(None, 1),))


def route_configuration(group: Group) -> RouteConfiguration:
    """Return the group's routes: one for each rule that a request can match, then the default."""
    rules = [rule for rule in group.deciding if rule.http is None or can_match(rule.http)]
    routes = [malformed_route(), *(rule_route(group, rule) for rule in rules)]
    if not any(rule.http is None for rule in rules):
        routes.append(default_route(group))
    virtual_host = VirtualHost(name="any", domains=["*"], routes=routes, retry_policy=retried())
    return RouteConfiguration(name=group.name, virtual_hosts=[virtual_host])


@cache
def malformed_route() -> Route:
    """Return the first entry: paths that Envoy cannot normalise, but a server might."""
    disguised = RouteMatch(safe_regex=RegexMatcher(regex=DISGUISED))
    answer = DirectResponseAction(status=BAD_REQUEST)
    return Route(name="malformed", match=disguised, direct_response=answer)


def rule_route(group: Group, rule: Rule) -> Route:
    """Return one rule's route entry, named as the rule, with the audits before it."""
    match = route_match(rule.http)
    if rule.action is Action.DENY:
        route = _denied(rule.name, str(rule.origin), match)
    else:
        route = _allowed(group.door, rule.name, str(rule.origin), match, rule.route)
    return _audited(route, group.audits(rule))


def default_route(group: Group) -> Route:
    """Return the entry for what no rule matches: the tenant's default action."""
    tenant = group.tenant
    name, origin = default_name(tenant.name), str(tenant.origin)
    if tenant.passes:
        route = _allowed(group.door, name, origin, route_match(None), None)
    else:
        route = _denied(name, origin, route_match(None))
    return _audited(route, group.audits(None))


def _audited(route: Route, before: tuple[Rule, ...]) -> Route:
    """Return a route that has audits before it; the filters of a route are keyed by name."""
    if before:
        route.typed_per_filter_config = {**route.typed_per_filter_config, **audits(before)}
    return route


def default_name(tenant: str) -> str:
    """Return the name that a tenant's default action goes by; no rule can have it."""
    return f"{tenant}/default"


def destinations(door: Door, route: PlanRoute | None) -> tuple[tuple[Destination, int], ...]:
    """Return where a route sends requests, with weights above 0.

    Shares without an endpoint of the door's family are left out, unless all of them are: their
    part of the requests goes to the others instead of failing.
    """
    shares = [share for share in (route or WHOLE_SERVICE).shares if share.weight]
    served = [share for share in shares if share.subset in door.served]
    return tuple((Destination(door, share.subset), share.weight) for share in served or shares)


def _denied(name: str, origin: str, match: RouteMatch) -> Route:
    """Return an entry that the RBAC filter denies; without the filter it would still be a 403."""
    return Route(
        name=name,
        match=match,
        direct_response=DirectResponseAction(status=FORBIDDEN),
        metadata=provenance(name, origin),
        typed_per_filter_config=denial(name),
    )


def _allowed(
    door: Door, name: str, origin: str, match: RouteMatch, route: PlanRoute | None
) -> Route:
    chosen = destinations(door, route)
    metadata = provenance(name, origin)
    if not chosen:  # every weight is 0: allowed, and nobody answers
        answer = DirectResponseAction(status=UNAVAILABLE)
        return Route(name=name, match=match, direct_response=answer, metadata=metadata)
    seconds = route.timeout if route is not None else None
    action = _action(chosen, None if seconds is None else timedelta(seconds=seconds))
    if route is not None and route.retry is not None:
        action.retry_policy = retried(route.retry)
    if door.service.affinity is not None:
        action = _by_client(action)
    return Route(name=name, match=match, route=action, metadata=metadata)


def _action(chosen: tuple[tuple[Destination, int], ...], timeout: timedelta | None) -> RouteAction:
    if len(chosen) == 1:
        return RouteAction(cluster=chosen[0][0].name, timeout=timeout)
    weights = [
        WeightedClusterClusterWeight(name=destination.name, weight=weight)
        for destination, weight in chosen
    ]
    return RouteAction(weighted_clusters=WeightedCluster(clusters=weights), timeout=timeout)


def _by_client(action: RouteAction) -> RouteAction:
    """Return an action by which an address chooses one share, and one endpoint of it."""
    source = RouteActionHashPolicyConnectionProperties(source_ip=True)
    action.hash_policy = [RouteActionHashPolicy(connection_properties=source)]
    if action.weighted_clusters is not None:
        action.weighted_clusters.use_hash_policy = True
    return action
