from tests.unit.translators.compiler.small import compiled, policy, service


def test_a_higher_priority_ranks_first_then_denials_then_the_text() -> None:
    allow, deny = {"action": "allow"}, {"action": "deny"}
    found = compiled(
        service(), policy("a", allow, deny), policy("b", deny), policy("c", allow, priority=9)
    )
    rows = found.draft.rules.rows
    ordered = sorted(rows, key=lambda name: rows[name].rank)
    assert ordered == ["shop/c[0]", "shop/b[0]", "shop/a[0]", "shop/a[1]"]
    assert rows["shop/a[1]"].clause.at("action").line == found.plan.rules[-1].origin.line
