"""All documents of an input by key, and in which of them one input differs from the last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from immutables import Map

from translators.policy.document import Document


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents by key, in no order; of those with one key the first in the text stands.

    ``repeated`` are the others, each with the one that stands. ``touched`` are the keys in which
    it may differ from the documents that it was ``made_of``.
    """

    by_key: Map[str, Document] = field(default_factory=Map)
    repeated: tuple[tuple[Document, Document], ...] = ()
    made_of: Mapping[str, Document] | None = field(default=None, compare=False, repr=False)
    touched: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def __iter__(self) -> Iterator[Document]:
        """Yield every document in order, those with the key of another one behind it."""
        yield from sorted(
            [*self.by_key.values(), *(one for one, _ in self.repeated)], key=lambda d: d.key
        )

    def edited(self, put: Iterable[Document], removed: Iterable[str] = ()) -> Documents:
        """Return the documents without some keys, and with others put in."""
        new = documents(put)
        come = frozenset(new.by_key)
        gone = frozenset(key for key in removed if key in self.by_key)
        left = self.by_key.mutate()
        for key, document in new.by_key.items():
            left[key] = document
        for key in gone - come:
            del left[key]
        return Documents(left.finish(), new.repeated, self.by_key, gone | come)

    def since(self, other: Documents) -> Collection[str]:
        """Return the keys under which the two may not have one and the same document."""
        old, new = other.by_key, self.by_key
        if new is old:
            return ()
        if self.made_of is old:
            return self.touched
        return [key for key in {*old, *new} if old.get(key) is not new.get(key)]


def documents(given: Iterable[Document]) -> Documents:
    """Return documents that were given in any order."""
    kept: dict[str, Document] = {}
    repeated = []
    for document in sorted(given, key=lambda d: (d.key, d.origin, d.source)):
        first = kept.setdefault(document.key, document)
        if first is not document:
            repeated.append((document, first))
    return Documents(Map(kept), tuple(repeated))
