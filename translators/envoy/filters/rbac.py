"""HTTP filter: role-based access control, which carries denials and names their clauses."""

from __future__ import annotations

from functools import cache

from envoy_data_plane.envoy.config.rbac.v3 import Permission, Policy, Principal, RbacAction
from envoy_data_plane.envoy.config.rbac.v3 import Rbac as Rules
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import Rbac, RbacPerRoute
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.google.protobuf import Any

from translators.envoy.encode import pack

NAME = "envoy.filters.http.rbac"


@cache
def rbac() -> HttpFilter:
    """Return the filter without rules of its own: it lets pass what no route denies."""
    return HttpFilter(name=NAME, typed_config=pack(Rbac()))


def denial(rule: str) -> dict[str, Any]:
    """Return a route's own configuration of the filter: 403 for all, by a policy of this name.

    The response code details then read ``rbac_access_denied_matched_policy[<rule>]``.
    """
    return {NAME: pack(RbacPerRoute(rbac=Rbac(rules=deny_all(rule))))}


def deny_all(rule: str) -> Rules:
    """Return RBAC rules that deny everyone everything."""
    everything = Policy(permissions=[Permission(any=True)], principals=[Principal(any=True)])
    return Rules(action=RbacAction.DENY, policies={rule: everything})
