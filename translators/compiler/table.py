"""A step's result: rows by name, what is wrong with each, and which differ from the last time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from immutables import Map, MapMutation

from translators.diagnostics import Diagnostic


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """By which it is found."""


V = TypeVar("V")
N = TypeVar("N", bound=Named)
_MANY = 64  # the part of all rows of which so many are found faster by sorting
_by_name = attrgetter("name")
Make = Callable[[str, list[Diagnostic]], V | None]


@dataclass(frozen=True, slots=True)
class Table(Generic[V]):
    """Rows in order of their names, where that is asked for, and each name's findings, if any.

    ``changed`` are the names whose rows came, went or have another value than in the compilation
    before. A row that is equal to that of before is the same object.
    """

    rows: Mapping[str, V] = field(default_factory=dict)
    findings: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()


def renewed(
    before: Table[V], names: Iterable[str], make: Make[V], ordered: bool = True
) -> Table[V]:
    """Return a table in which these rows are made again, and all others are those of before.

    Without ``ordered`` rows stand in no order, in a map that shares all that stays with the one
    before: to copy tens of thousands, or to sort them, would be most of the work.
    ``make`` returns a name's row, or None where there is none, and adds what is wrong with it.
    """
    wanted = sorted(set(names))
    if not wanted:
        return Table(before.rows, before.findings) if before.changed else before
    if ordered:
        rows = dict(before.rows)
        changed, findings = _made(before, rows, wanted, make)
        if any(name not in before.rows for name in changed):
            rows = dict(sorted(rows.items()))
        return Table(rows if changed else before.rows, findings, frozenset(changed))
    if not before.rows:  # a map is made faster of all its rows than of one after the other
        every: dict[str, V] = {}
        changed, findings = _made(before, every, wanted, make)
        return Table(Map(every), findings, frozenset(changed))
    shared = Map(before.rows).mutate()
    changed, findings = _made(before, shared, wanted, make)
    return Table(shared.finish() if changed else before.rows, findings, frozenset(changed))


def _made(
    before: Table[V], rows: dict[str, V] | MapMutation[str, V], wanted: Iterable[str], make: Make[V]
) -> tuple[set[str], dict[str, tuple[Diagnostic, ...]]]:
    """Make rows again in place; return the names that have another one, and all findings."""
    changed, findings = set[str](), dict(before.findings)
    for name in wanted:
        found: list[Diagnostic] = []
        if _put(rows, name, make(name, found)):
            changed.add(name)
        findings.pop(name, None)
        if found:
            findings[name] = tuple(found)
    return changed, findings


def _put(rows: dict[str, V] | MapMutation[str, V], name: str, row: V | None) -> bool:
    """Set or remove a row; return whether that changes anything."""
    held = rows.get(name)
    if row is None:
        return rows.pop(name, None) is not None
    if held is None or row != held:
        rows[name] = row
        return True
    return False


def exchanged(
    held: tuple[N, ...], rows: Mapping[str, N], changed: Collection[str]
) -> tuple[N, ...]:
    """Return rows that have their own names in order of these; ``held`` are those of before.

    Only ``changed`` names are looked up, unless they are many.
    """
    if len(changed) > len(held) // _MANY:
        return tuple(rows[name] for name in sorted(rows))
    found = list(held)
    for name in changed:
        place = bisect_left(found, name, key=_by_name)
        known = place < len(found) and found[place].name == name
        found[place : place + known] = [rows[name]] if name in rows else []
    return tuple(found)


def differing(old: Mapping[str, V], new: Mapping[str, V]) -> set[str]:
    """Return the names that only one of the mappings has, or that have another value there."""
    if old is new:
        return set()
    return {name for name, value in new.items() if old.get(name) != value} | (
        old.keys() - new.keys()
    )
