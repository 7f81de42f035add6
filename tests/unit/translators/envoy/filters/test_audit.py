"""Shadow rules: what of a rule's match they hold, and how many filters there are."""

from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import RbacPerRoute

from tests.plans import rule
from translators.envoy.filters.audit import audits, filters
from translators.plan.model import Action, Compare, HttpMatch, StringMatch


def _permission(match: HttpMatch | None) -> object:
    made = audits([rule("shop/a[0]", 1, action=Action.AUDIT, http=match)])
    (config,) = made.values()
    held = config.unpack()
    assert isinstance(held, RbacPerRoute)
    assert held.rbac.track_per_rule_stats
    (policy,) = held.rbac.shadow_rules.policies.values()
    (permission,) = policy.permissions
    return permission


def test_the_number_of_filters_is_a_power_of_two() -> None:
    assert [len(filters(n)) for n in (0, 1, 2, 3, 4, 5)] == [0, 1, 2, 4, 4, 8]
    names = [one.name for one in filters(3)]
    assert len(set(names)) == 4


def test_each_audit_has_a_filter_of_its_own() -> None:
    both = [rule(f"shop/a[{n}]", n + 1, action=Action.AUDIT) for n in range(2)]
    assert list(audits(both)) == [one.name for one in filters(2)]


def test_a_rule_without_http_counts_everything() -> None:
    assert _permission(None).any  # type: ignore[attr-defined]


def test_a_prefix_matches_whole_elements() -> None:
    found = _permission(HttpMatch(path=StringMatch(Compare.PREFIX, "/admin")))
    either = [one.url_path.path for one in found.or_rules.rules]  # type: ignore[attr-defined]
    assert [(path.exact, path.prefix) for path in either] == [("/admin", None), (None, "/admin/")]


def test_all_parts_of_a_match_must_hold() -> None:
    match = HttpMatch(
        path=StringMatch(Compare.EXACT, "/x"), methods=("GET",), hosts=("a.example", "b.example")
    )
    parts = _permission(match).and_rules.rules  # type: ignore[attr-defined]
    assert parts[0].url_path.path.exact == "/x"
    assert [part.header.name for part in parts[1:]] == [":authority", ":method"]


def test_what_no_request_can_match_is_left_out() -> None:
    never = HttpMatch(path=StringMatch(Compare.EXACT, "/a?b"))
    assert audits([rule("shop/a[0]", 1, action=Action.AUDIT, http=never)]) == {}
