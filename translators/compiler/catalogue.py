"""Documents to a catalogue: by kind and name, each once, and which of them are new or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from translators.compiler.findings import finding
from translators.diagnostics import Diagnostic
from translators.policy.document import Document
from translators.policy.shape import Thing

T = TypeVar("T", bound=Thing)
_NOTHING: Mapping[str, Document] = {}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every document by kind, then by the name that others refer to, in order.

    ``changed``: by kind, the names of documents that differ from those of the compilation before;
    ``named``: the same of those documents alone that came or went. ``given``: all documents by
    identity, those included that have the key of an earlier one; ``whole``: there are none.
    """

    kinds: Mapping[str, Mapping[str, Document]] = field(default_factory=dict)
    changed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given: Mapping[int, Document] = field(default_factory=dict, compare=False, repr=False)
    whole: bool = field(default=True, compare=False)

    def of(self, kind: type[T]) -> Sequence[tuple[Document, T]]:
        """Return every document of a kind with its model."""
        documents = self.kinds.get(kind.__name__, _NOTHING).values()
        return [(d, d.model) for d in documents if isinstance(d.model, kind)]

    def get(self, kind: type[T], reference: str) -> tuple[Document, T] | None:
        """Return the document of this kind and name (``tenant/name``) with its model, if any."""
        document = self.kinds.get(kind.__name__, _NOTHING).get(reference)
        if document is None or not isinstance(document.model, kind):
            return None
        return document, document.model

    def has(self, kind: str, reference: str) -> bool:
        """Whether a document of this kind and name exists."""
        return reference in self.kinds.get(kind, _NOTHING)

    def names(self, *kinds: str) -> set[str]:
        """Return the names of all documents of these kinds."""
        return {name for kind in kinds for name in self.kinds.get(kind, _NOTHING)}

    def touched(self, *kinds: str) -> frozenset[str]:
        """Return the names of these kinds whose documents came, went or changed."""
        return frozenset[str]().union(*(self.changed.get(kind, ()) for kind in kinds))

    def renamed(self, *kinds: str) -> frozenset[str]:
        """Return the names of these kinds whose documents came or went."""
        return frozenset[str]().union(*(self.named.get(kind, ()) for kind in kinds))


def catalogue(
    documents: Iterable[Document],
    before: Catalogue = Catalogue(),
) -> tuple[Catalogue, tuple[Diagnostic, ...]]:
    """Return the catalogue; of two documents with one key the first in the text stays."""
    given = {id(document): document for document in documents}
    kinds = _changed(given, before)
    return _anew(given, before) if kinds is None else (_compared(kinds, before, given), ())


def _changed(
    given: Mapping[int, Document], before: Catalogue
) -> Mapping[str, Mapping[str, Document]] | None:
    """Return what was before with what came, and without what went; None if a key is repeated."""
    if not before.whole:
        return None
    kinds: dict[str, dict[str, Document]] = {}
    for document in (before.given[one] for one in before.given.keys() - given.keys()):
        own = kinds.setdefault(document.kind, dict(before.kinds[document.kind]))
        del own[document.reference]
    for document in (given[one] for one in given.keys() - before.given.keys()):
        own = kinds.setdefault(document.kind, dict(before.kinds.get(document.kind, {})))
        if document.reference in own:
            return None
        own[document.reference] = document
    return {**before.kinds, **{kind: dict(sorted(own.items())) for kind, own in kinds.items()}}


def _anew(
    given: Mapping[int, Document], before: Catalogue
) -> tuple[Catalogue, tuple[Diagnostic, ...]]:
    documents, repeated = _once(given.values())
    kinds: dict[str, dict[str, Document]] = {}
    for document in documents:
        kinds.setdefault(document.kind, {})[document.reference] = document
    found = _compared({k: dict(sorted(own.items())) for k, own in kinds.items()}, before, given)
    return replace(found, whole=not repeated), repeated


def _once(documents: Iterable[Document]) -> tuple[list[Document], tuple[Diagnostic, ...]]:
    kept: dict[str, Document] = {}
    repeated = []
    for document in sorted(documents, key=lambda d: (d.key, d.origin, d.source)):
        first = kept.setdefault(document.key, document)
        if first is not document:
            message = f"{document.kind} {document.reference} is defined at {first.origin} already"
            repeated.append(finding("FS1016", document, ("metadata", "name"), message))
    return list(kept.values()), tuple(repeated)


def _compared(
    kinds: Mapping[str, Mapping[str, Document]], before: Catalogue, given: Mapping[int, Document]
) -> Catalogue:
    changed: dict[str, frozenset[str]] = {}
    named: dict[str, frozenset[str]] = {}
    for kind in sorted({*kinds, *before.kinds}):
        new, old = kinds.get(kind, _NOTHING), before.kinds.get(kind, _NOTHING)
        if new is old:
            continue
        gone = old.keys() - new.keys()
        others = {n for n, d in new.items() if (o := old.get(n)) is not d and o != d}
        if gone or others:
            changed[kind] = frozenset(others | gone)
        if renamed := old.keys() ^ new.keys():
            named[kind] = frozenset(renamed)
    return Catalogue(kinds, changed, named, given)
