from random import Random
from typing import NamedTuple

import pytest

from translators.compiler.table import Table, differing, exchanged, renewed
from translators.diagnostics import Diagnostic, report


class _Row(NamedTuple):
    name: str
    value: int


def numbers(wanted: dict[str, int], before: Table[int] | None = None) -> Table[int]:
    def make(name: str, findings: list[Diagnostic]) -> int | None:
        if wanted.get(name, 0) < 0:
            findings.append(report("FS1006", "f.yaml", 1, f"{name} is negative"))
        return wanted.get(name)

    return renewed(before or Table(), {*wanted, *(before.rows if before else ())}, make)


def test_rows_are_in_order_and_say_what_changed() -> None:
    before = numbers({"b": 1, "c": 2})
    assert before.changed == {"b", "c"}
    after = numbers({"a": 5, "b": 1, "c": 3}, before)
    assert list(after.rows.items()) == [("a", 5), ("b", 1), ("c", 3)]
    assert after.changed == {"a", "c"}
    assert numbers({"a": 5}, after).changed == {"b", "c"}


def test_an_equal_row_is_the_same_object_and_an_unchanged_table_the_same_rows() -> None:
    before = numbers({"a": 10**30})
    after = numbers({"a": 10**30 + 0}, before)
    assert after.rows is before.rows
    assert after.changed == frozenset()


def test_findings_belong_to_their_row_and_go_with_it() -> None:
    before = numbers({"a": -1})
    assert [d.code for d in before.findings["a"]] == ["FS1006"]
    assert numbers({"a": 1}, before).findings == {}
    assert numbers({}, before).findings == {}


def test_differences_of_mappings() -> None:
    one = {"a": 1, "b": 2}
    assert differing(one, one) == set()
    assert differing(one, {"a": 1, "b": 3, "c": 4}) == {"b", "c"}
    assert differing(one, {}) == {"a", "b"}


def test_a_table_without_order_shares_what_stays_with_the_one_before() -> None:
    none: Table[int] = Table()
    first = renewed(none, ["a", "b"], lambda _name, _findings: 1, ordered=False)
    second = renewed(first, ["b", "c"], lambda name, _: 2 if name == "c" else None, ordered=False)
    assert (dict(first.rows), dict(second.rows)) == ({"a": 1, "b": 1}, {"a": 1, "c": 2})
    assert second.changed == {"b", "c"}
    same = renewed(second, ["a"], lambda _name, _findings: 1, ordered=False)
    assert same.rows is second.rows


@pytest.mark.parametrize("seed", range(30))
def test_rows_in_order_are_carried_on_as_they_come_go_and_change(seed: int) -> None:
    rng = Random(seed)
    rows = {name: _Row(name, 0) for name in rng.sample("abcdefghijklmnopqrstuvwxyz", 20)}
    held = exchanged((), rows, rows.keys())
    assert held == tuple(rows[name] for name in sorted(rows))
    many = tuple(_Row(f"z{number:03}", 0) for number in range(200))
    held, rows = (*held, *many), rows | {row.name: row for row in many}
    for step in range(1, 20):
        name = rng.choice([*"abcdefghijklmnopqrstuvwxyz", "z000", "z100", "z199"])
        if name in rows and rng.randrange(2):
            del rows[name]
        else:
            rows[name] = _Row(name, step)
        held = exchanged(held, rows, [name])
        assert held == tuple(rows[name] for name in sorted(rows))
