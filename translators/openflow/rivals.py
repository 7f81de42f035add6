"""Decisions that may be about the same packets: few of many, by what tells most of them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from translators.openflow.decision import Key
from translators.openflow.fields import DESTINATION, PORT, Field

Reach = Mapping[Field, frozenset[int]]  # the values that an alternative can match, by field

_TELLING = (PORT, DESTINATION)  # fields in which decisions about the same sources mostly differ
_MOST = 64  # values of a decision that are looked up one by one


class Rivals:
    """Decisions, looked up by the values that they can match."""

    def __init__(self, keys: Iterable[Key], reaches: Mapping[Key, Sequence[Reach]]) -> None:
        """Index decisions of which each has its alternatives' reaches."""
        self._all = frozenset(keys)
        self._indexes = [(field, *self._index(field, reaches)) for field in _TELLING]

    def of(self, reach: Sequence[Reach]) -> Set[Key]:
        """Return all decisions that can meet one of this reach, and few others."""
        found = self._all
        for field, by_value, anywhere in self._indexes:
            values = _values(reach, field)
            if values is not None:
                found = found & anywhere.union(*(by_value[v] for v in values if v in by_value))
        return found

    def _index(
        self, field: Field, reaches: Mapping[Key, Sequence[Reach]]
    ) -> tuple[Mapping[int, set[Key]], set[Key]]:
        """Return the decisions by value, and those that one value or another does not rule out."""
        by_value: dict[int, set[Key]] = {}
        anywhere = set[Key]()
        for key in self._all:
            values = _values(reaches[key], field)
            if values is None:
                anywhere.add(key)
            else:
                for value in values:
                    by_value.setdefault(value, set()).add(key)
        return by_value, anywhere


def _values(reach: Sequence[Reach], field: Field) -> Set[int] | None:
    """Return what any of the alternatives can match of a field; None if that may be much."""
    found: Set[int] = frozenset()
    for alternative in reach:
        values = alternative.get(field)
        if values is None or len(values) > _MOST:
            return None
        found = found | values if found else values
    return found
