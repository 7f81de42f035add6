"""Some resources of a host in the place of others; what hosts have in common is made once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from translators.envoy.resources import EncodedResource, Named, Resources

Some = tuple[EncodedResource, ...]
_NONE: Named = {}


@dataclass(frozen=True, slots=True)
class _Turnover:
    """What goes and what comes, of one type."""

    url: str
    gone: Some
    new: Some


@dataclass(slots=True)
class Exchange:
    """Works on many hosts; those that have the same afterwards share its mappings.

    Everything is told apart by its identity, so that what is compared is also held here.
    """

    _turnovers: dict[tuple[int, int], tuple[Some, Some, tuple[_Turnover, ...]]] = field(
        default_factory=dict
    )
    _made: dict[tuple[int, int], tuple[Named, Named]] = field(default_factory=dict)
    _same: dict[tuple[int, ...], Named] = field(default_factory=dict)

    def exchanged(self, held: Resources, old: Some, new: Some) -> Resources:
        """Return resources without the old and with the new; a type without changes stays."""
        if old is new or not (turnovers := self._turnover(old, new)):
            return held
        found = dict(held)
        for one in turnovers:
            found[one.url] = self._exchanged(held.get(one.url, _NONE), one)
        if found.keys() == held.keys() and all(found[one.url] for one in turnovers):
            return found  # in order, as before
        return {url: named for url, named in sorted(found.items()) if named}

    def _turnover(self, old: Some, new: Some) -> tuple[_Turnover, ...]:
        key = (id(old), id(new))
        if key not in self._turnovers:
            gone, come = _by_url(old, new), _by_url(new, old)
            found = tuple(
                _Turnover(url, tuple(gone.get(url, ())), tuple(come.get(url, ())))
                for url in sorted({*gone, *come})
            )
            self._turnovers[key] = (old, new, found)
        return self._turnovers[key][2]

    def _exchanged(self, held: Named, turnover: _Turnover) -> Named:
        key = (id(held), id(turnover))
        if key not in self._made:
            own = dict(held)
            for one in turnover.gone:
                own.pop(one.name, None)
            own.update((one.name, one) for one in turnover.new)
            if own.keys() - held.keys():
                own = dict(sorted(own.items()))
            shared = self._same.setdefault(tuple(map(id, own.values())), own)
            self._made[key] = (held, shared)
        return self._made[key][1]


def _by_url(these: Some, others: Iterable[EncodedResource]) -> dict[str, list[EncodedResource]]:
    """Return, by type, those that are not among the others, as objects."""
    known, found = set(map(id, others)), dict[str, list[EncodedResource]]()
    for one in these:
        if id(one) not in known:
            found.setdefault(one.type_url, []).append(one)
    return found
