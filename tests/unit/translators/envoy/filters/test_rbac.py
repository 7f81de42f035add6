"""Denials."""

from envoy_data_plane.envoy.config.rbac.v3 import RbacAction
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import Rbac, RbacPerRoute

from translators.envoy.filters.rbac import NAME, denial, deny_all, rbac


def test_the_filter_itself_denies_nothing() -> None:
    packed = rbac().typed_config
    assert packed is not None
    assert packed.unpack() == Rbac()


def test_a_denial_is_a_policy_of_the_rules_name() -> None:
    unpacked = denial("shop/p[0]")[NAME].unpack()
    assert unpacked == RbacPerRoute(rbac=Rbac(rules=deny_all("shop/p[0]")))


def test_the_policy_holds_for_everyone() -> None:
    rules = deny_all("x")
    assert rules.action == RbacAction.DENY
    assert [(p.permissions[0].any, p.principals[0].any) for p in rules.policies.values()] == [
        (True, True)
    ]
