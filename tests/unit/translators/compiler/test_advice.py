import pytest

from tests.properties.worlds import Thing, documents_of
from tests.unit.translators.compiler.small import compiled, policy, service, world
from translators.compiler import advice
from translators.compiler.draft import Draft
from translators.compiler.pipeline import Compilation, compile_policy
from translators.compiler.table import Table

ALLOW = {"action": "allow"}
SHADOWED = policy("p", ALLOW, {"match": {"tcp": {}}, **ALLOW})
PLAIN = policy("p", ALLOW)


def after(before: Compilation, *more: Thing) -> Compilation:
    return compile_policy(documents_of(world(*more)), before.allocations, before)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[Draft | None]:
    """Note from which draft before each advice was worked out."""
    noted: list[Draft | None] = []
    real = advice.conflicts

    def conflicts(draft: Draft, before: tuple[Draft, Table[None]] | None) -> Table[None]:
        noted.append(before and before[0])
        return real(draft, before)

    monkeypatch.setattr(advice, "conflicts", conflicts)
    return noted


def test_advice_is_worked_out_when_asked_for_and_once(worked_out: list[Draft | None]) -> None:
    found = compiled(service(), SHADOWED)
    assert not worked_out
    assert [one.code for one in found.diagnostics] == ["FS4001"]
    assert found.diagnostics == (*found.findings, *found.advice)
    assert len(worked_out) == 1


def test_advice_follows_from_what_was_told_before(worked_out: list[Draft | None]) -> None:
    first = compiled(service(), SHADOWED)
    assert list(first.advice)
    second = after(first, service(), PLAIN)
    assert not list(second.advice)
    assert worked_out == [None, first.draft]


def test_advice_after_some_that_nobody_asked_for_is_worked_out_anew(
    worked_out: list[Draft | None],
) -> None:
    first = compiled(service(), PLAIN)
    second = after(first, service(), SHADOWED)
    third = after(second, service(), SHADOWED)
    assert [one.code for one in third.advice] == ["FS4001"]
    assert worked_out == [None]
