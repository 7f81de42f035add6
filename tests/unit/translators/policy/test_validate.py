import pytest

from translators.policy.load import load
from translators.policy.validate import meant

POLICY = """apiVersion: fsdn/v1
kind: Policy
metadata: {name: p, tenant: shop}
spec:
  from: [{any: true}]
  to: [{service: api}]
  rules:
    - RULE
"""


def refusals(text: str) -> list[tuple[int, str, str, str, str]]:
    return [(d.line, d.code, d.path, d.message, d.mend) for d in load(text, "f").diagnostics]


def rule(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.path) for d in load(POLICY.replace("RULE", text), "f").diagnostics]


def test_all_errors_come_at_once_with_their_lines() -> None:
    text = POLICY.replace("RULE", "match: {tpc: {}}\n      acton: allow\n      enforce: vswich")
    text = text.replace("from:", "priority: high\n  form:")
    assert refusals(text) == [
        (4, "FS1011", "spec.from", "from is missing", "add spec.from"),
        (5, "FS1012", "spec.priority", "priority is 'high'", "it should be an integer"),
        (6, "FS1003", "spec.form", "'form' is not a field of spec", "did you mean from?"),
        (
            9,
            "FS1003",
            "spec.rules[0].match.tpc",
            "'tpc' is not a field of spec.rules[0].match",
            "did you mean tcp?",
        ),
        (
            10,
            "FS1003",
            "spec.rules[0].acton",
            "'acton' is not a field of spec.rules[0]",
            "did you mean action?",
        ),
        (
            11,
            "FS1012",
            "spec.rules[0].enforce",
            "'vswich' is not a value of enforce",
            "did you mean vswitch?",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("{route: {to: [{}], mirror: {subset: v3}}}", "FS1013", "spec.rules[0].route.mirror"),
        ("{action: audit, route: {to: [{}]}}", "FS1015", "spec.rules[0].route"),
        (
            "{action: audit, match: {http: {query: {v: {present: true}}}}}",
            "FS1013",
            "spec.rules[0].match.http.query",
        ),
        ("{route: {retry: {attempts: 11}}}", "FS1012", "spec.rules[0].route.retry.attempts"),
        ("{route: {retry: {attempts: -1}}}", "FS1012", "spec.rules[0].route.retry.attempts"),
        ("{route: {retry: {codes: [200]}}}", "FS1012", "spec.rules[0].route.retry.codes[0]"),
        ("{route: {retry: {codes: []}}}", "FS1012", "spec.rules[0].route.retry.codes"),
        (
            "{route: {retry: {attempts: 0, codes: [503]}}}",
            "FS1015",
            "spec.rules[0].route.retry.codes",
        ),
        (
            "{route: {retry: {perTryTimeout: 1s}}}",
            "FS1013",
            "spec.rules[0].route.retry.perTryTimeout",
        ),
        ("{action: deny, route: {retry: {}}}", "FS1015", "spec.rules[0].route"),
        ("{match: {http: }, action: allow}", "FS1012", "spec.rules[0].match.http"),
        ("{match: {icmp: }, action: allow}", "FS1012", "spec.rules[0].match.icmp"),
        (
            "{match: {http: {methods: []}}, action: deny}",
            "FS1012",
            "spec.rules[0].match.http.methods",
        ),
        ("{match: {tcp: {ports: []}}, action: deny}", "FS1012", "spec.rules[0].match.tcp.ports"),
        (
            "{match: {tcp: {ports: [' ']}}, action: deny}",
            "FS1012",
            "spec.rules[0].match.tcp.ports[0]",
        ),
        ("{match: {tcp: {}, icmp: {}}, action: deny}", "FS1015", "spec.rules[0].match.icmp"),
        ("{action: deny, route: {to: [{}]}}", "FS1015", "spec.rules[0].route"),
        (
            "{match: {http: {headers: {X: {}}}}, action: deny}",
            "FS1011",
            "spec.rules[0].match.http.headers.X",
        ),
        ("{enforce: auto}", "FS1011", "spec.rules[0]"),
        ("allow", "FS1012", "spec.rules[0]"),
    ],
)
def test_an_error_names_its_field(text: str, code: str, path: str) -> None:
    assert rule(text) == [(code, path)]


def test_messages_are_short_and_quote_braces_safely() -> None:
    text = POLICY.replace("RULE", "action: allow").replace(
        "name: p", "name: '{message}" + "x" * 200 + "'"
    )
    (found,) = load(text, "f").diagnostics
    assert found.code == "FS1012"
    assert "{message}" in found.message
    assert len(found.message) < 120


def test_kinds_and_versions() -> None:
    head = "metadata: {name: x}\nspec: {}\n"
    found = load(
        f"apiVersion: v1\nkind: Tenant\n{head}---\napiVersion: fsdn/v1\nkind: [a]\n{head}", "f"
    )
    assert [d.code for d in found.diagnostics] == ["FS1014", "FS1010"]
    missing = load(f"kind: Tenant\n{head}", "f").diagnostics
    assert [d.code for d in missing] == ["FS1014"]
    assert [d.code for d in load("- a\n", "f").diagnostics] == ["FS1012"]


def test_meant_finds_the_near_and_stays_silent_on_the_far() -> None:
    assert meant("Tenent", ("Tenant", "Segment")) == "did you mean Tenant?"
    assert meant("zebra", ("Tenant", "Segment")) == ""
