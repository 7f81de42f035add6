"""HTTP filters that count requests for audits: shadow rules of role-based access control.

A route says which audits stand before it. One filter counts for one policy at most, so that each
audit of a route has a filter of its own. The counters are named ``policy.<rule>.shadow_allowed``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from envoy_data_plane.envoy.config.rbac.v3 import (
    Permission,
    PermissionSet,
    Policy,
    Principal,
    RbacAction,
)
from envoy_data_plane.envoy.config.rbac.v3 import Rbac as Rules
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher, RouteMatch
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import Rbac, RbacPerRoute
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.type.matcher.v3 import PathMatcher, StringMatcher
from envoy_data_plane.google.protobuf import Any

from translators.envoy.encode import pack
from translators.envoy.matches import can_match, route_match
from translators.plan.model import Rule


def filters(most: int) -> list[HttpFilter]:
    """Return filters for routes of which each has at most ``most`` audits.

    Their number is a power of two: a listener seldom changes because rules do.
    """
    slots = 1 << (most - 1).bit_length() if most else 0
    return [_filter(slot) for slot in range(slots)]


def audits(rules: Sequence[Rule]) -> dict[str, Any]:
    """Return what a route says to the filters: which audits stand before it."""
    able = [rule for rule in rules if rule.http is None or can_match(rule.http)]
    return {_name(slot): pack(RbacPerRoute(rbac=_shadow(r))) for slot, r in enumerate(able)}


def _name(slot: int) -> str:
    return f"fsdn.audit.{slot}"


@cache
def _filter(slot: int) -> HttpFilter:
    return HttpFilter(name=_name(slot), typed_config=pack(Rbac()))


def _shadow(rule: Rule) -> Rbac:
    policy = Policy(permissions=[_permission(rule)], principals=[Principal(any=True)])
    return Rbac(
        shadow_rules=Rules(action=RbacAction.ALLOW, policies={rule.name: policy}),
        track_per_rule_stats=True,
    )


def _permission(rule: Rule) -> Permission:
    """Return the rule's match; the compiler has refused query parameters, which have no word."""
    match = route_match(rule.http)
    parts = [*_path(match), *(_header(one) for one in match.headers)]
    if not parts:
        return Permission(any=True)
    return parts[0] if len(parts) == 1 else Permission(and_rules=PermissionSet(rules=parts))


def _header(matcher: HeaderMatcher) -> Permission:
    return Permission(header=matcher)


def _path(match: RouteMatch) -> list[Permission]:
    if match.path is not None:
        return [_at(StringMatcher(exact=match.path))]
    if match.path_separated_prefix is not None:
        prefix = match.path_separated_prefix
        either = [_at(StringMatcher(exact=prefix)), _at(StringMatcher(prefix=f"{prefix}/"))]
        return [Permission(or_rules=PermissionSet(rules=either))]
    return []


def _at(path: StringMatcher) -> Permission:
    return Permission(url_path=PathMatcher(path=path))
