"""One part for each endpoint of a bridge, of which only those are made again that have changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from immutables import Map

from translators.openflow.flow import Item
from translators.openflow.part import Part

Reads = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """The parts by endpoint, each with what it was made from.

    ``come`` and ``gone`` are the parts by which it differs from the one that it ``follows``.
    """

    key: Hashable
    rows: Map[str, tuple[Reads, Part]] = field(default_factory=Map)
    come: tuple[Part, ...] = ()
    gone: tuple[Part, ...] = ()
    token: object = field(default_factory=object, compare=False)
    follows: object = field(default=None, compare=False)

    @property
    def parts(self) -> Iterator[Part]:
        """All parts."""
        yield from (part for _, part in self.rows.values())

    @property
    def items(self) -> Iterator[Item]:
        """All flows."""
        return (item for part in self.parts for item in part.items)

    def renewed(
        self,
        names: Iterable[str],
        reads: Callable[[str], Reads | None],
        make: Callable[..., Iterable[Item]],
    ) -> Each:
        """Return the parts in which those of some names are looked at again.

        ``reads`` says what a name's part is made from, None: there is none. From equal reads it
        is the same part.
        """
        rows = self.rows.mutate()
        come, gone = list[Part](), list[Part]()
        for name in names:
            held, wanted = self.rows.get(name), reads(name)
            if wanted == (None if held is None else held[0]):
                continue
            if held is not None:
                gone.append(held[1])
                del rows[name]
            if wanted is not None:
                part = Part(tuple(make(*wanted)))
                come.append(part)
                rows[name] = (wanted, part)
        if not come and not gone:
            return self
        return Each(self.key, rows.finish(), tuple(come), tuple(gone), follows=self.token)
