from hypothesis import given
from hypothesis import strategies as some

from tests.unit.xds_server.protocols.reports.test_health import BAD, GOOD, A, B, specifier
from xds_server.protocols.reports.health import Assignment, Checked, Health
from xds_server.protocols.reports.health_table import Finding, HealthTable, Word, verdict

BOTH = Assignment(specifier(A, B), 3.0)


def checking(*nodes: str) -> HealthTable:
    table = HealthTable()
    table.assign(dict.fromkeys(nodes, BOTH))
    return table


def test_one_bad_word_counts_unless_another_checker_knows_better() -> None:
    changes: list[frozenset[Checked]] = []
    table = checking("one", "two")
    table.changed = lambda: changes.append(table.unhealthy)
    table.take("one", {A: BAD, B: GOOD}, 1.0)
    table.take("one", {A: BAD, B: GOOD}, 2.0)
    assert changes == [{A}], "no news is no change"
    table.take("two", {A: GOOD}, 3.0)
    assert table.unhealthy == frozenset()
    table.forget("two", 2.5, 9.0)
    assert table.unhealthy == frozenset(), "it was heard of since"
    table.forget("two", 3.0, 9.0)
    assert table.unhealthy == {A}
    table.take("one", {B: Health.TIMEOUT}, 4.0)
    assert table.unhealthy == {B}, "what is no longer checked is no longer bad"
    assert [row[:2] for row in table.rows()] == [("one", B)]


def test_the_first_bad_words_of_a_checker_do_not_count() -> None:
    table = checking("one")
    table.take("one", {A: BAD, B: GOOD}, 1.0, settled=False)
    assert table.unhealthy == frozenset()
    assert {c: h for _, c, h in table.rows()} == {A: Health.UNKNOWN, B: GOOD}
    table.take("one", {A: BAD, B: GOOD}, 2.0)
    table.take("one", {A: BAD, B: BAD}, 3.0, settled=False)
    assert table.unhealthy == {A}, "it begins anew: what was known still holds"


def test_assignments_are_told_when_they_change() -> None:
    told: list[bytes] = []
    table = HealthTable()
    unwatch = table.watch(lambda: told.append(table.assigned("one").specifier))
    table.assign({"one": BOTH})
    table.assign({"one": BOTH})
    assert told == [BOTH.specifier]
    assert table.assigned("two") == Assignment()
    unwatch()
    table.assign({})
    assert told == [BOTH.specifier]


def test_every_node_checks_what_is_for_all_unless_it_has_its_own() -> None:
    table, alone = HealthTable(), Assignment(specifier(B))
    table.assign({"own": alone, "none": Assignment()}, BOTH)
    found = [table.assigned(node) for node in ("own", "none", "any")]
    assert found == [alone, Assignment(), BOTH]


def test_who_checks_nothing_any_longer_has_found_nothing() -> None:
    table = checking("one", "two")
    for node in ("one", "two"):
        table.take(node, {A: BAD}, 1.0)
    table.assign({"two": BOTH})
    assert [row[0] for row in table.rows()] == ["two"]
    table.assign({"two": Assignment(specifier(B))})
    assert table.unhealthy == frozenset(), "that endpoint is no longer checked"


def test_a_node_is_not_believed_about_what_it_was_not_told_to_check() -> None:
    table, other = checking("one"), Checked("bank", "10.0.0.9", 80)
    table.take("one", {other: BAD, A: BAD}, 1.0)
    table.take("stranger", {B: BAD}, 1.0)
    assert table.unhealthy == {A}
    assert [row[:2] for row in table.rows()] == [("one", A)]


def test_what_was_found_before_holds_until_its_checker_speaks() -> None:
    table, other = checking("one", "two"), Checked("bank", "10.0.0.9", 80)
    table.recall([("one", A, BAD), ("two", B, Health.TIMEOUT), ("one", other, BAD)], 5.0)
    assert table.unhealthy == {A, B}
    table.take("one", {A: BAD, B: GOOD}, 6.0, settled=False)
    assert table.unhealthy == {A}, "what was known still holds before the first check"
    table.take("one", {A: GOOD, B: GOOD}, 7.0, settled=False)
    assert table.unhealthy == frozenset()
    table.recall([("gone", A, BAD)], 8.0)
    assert table.unhealthy == frozenset(), "it checks nothing any longer"


def test_findings_say_since_when_and_who_says_so() -> None:
    table = checking("one", "two")
    table.take("one", {A: GOOD}, 1.0)
    table.take("one", {A: BAD}, 2.0)
    table.take("two", {A: Health.TIMEOUT}, 3.0)
    words = {"one": Word(BAD, 2.0), "two": Word(Health.TIMEOUT, 3.0)}
    nobody = Finding(B, Word(Health.UNKNOWN, 0.0), {})
    assert table.findings() == (Finding(A, Word(BAD, 2.0), words), nobody)
    table.take("one", {A: BAD}, 8.0)
    assert table.findings()[0].verdict == Word(BAD, 2.0), "that it says so again is no news"
    assert (table.heard("one"), table.heard("nobody")) == (8.0, 0.0)


WORDS = some.dictionaries(some.sampled_from([A, B]), some.sampled_from(list(Health)))


@given(some.lists(some.tuples(some.sampled_from(["one", "two", "three"]), WORDS)))
def test_what_is_kept_up_is_what_follows_from_all_words(
    reports: list[tuple[str, dict[Checked, Health]]],
) -> None:
    table, last = checking("one", "two", "three"), dict[str, dict[Checked, Health]]()
    for at, (node, found) in enumerate(reports):
        if found:
            table.take(node, found, at)
        else:
            table.forget(node, at, at)
        last[node] = found
    for one in (A, B):
        words = [found[one] for found in last.values() if one in found]
        assert (one in table.unhealthy) == (verdict(words) is Health.UNHEALTHY)
    told = {(n, c): h for n, found in last.items() for c, h in found.items()}
    assert {(n, c): h for n, c, h in table.rows()} == told
    shown = {(n, f.checked): w.health for f in table.findings() for n, w in f.words.items()}
    assert shown == told
