"""Documents to a catalogue: by kind and name, each once, and which of them are new or changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from immutables import Map, MapMutation

from translators.compiler.findings import finding
from translators.diagnostics import Diagnostic
from translators.policy.document import Document
from translators.policy.documents import Documents
from translators.policy.shape import Thing
from translators.policy.workload import Workload

T = TypeVar("T", bound=Thing)
_NOTHING: Mapping[str, Document] = {}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every document by kind, then by the name that others refer to, in order, but for workloads.

    Of those there are so many that a map is shared with the catalogue before, which has no order.
    ``changed``: by kind, the names of documents that differ from those of the compilation before;
    ``named``: the same of those documents alone that came or went.
    """

    kinds: Mapping[str, Mapping[str, Document]] = field(default_factory=dict)
    changed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    documents: Documents = field(default_factory=Documents, compare=False, repr=False)

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
    documents: Documents,
    before: Catalogue = Catalogue(),
) -> tuple[Catalogue, tuple[Diagnostic, ...]]:
    """Return the catalogue, and a finding for each document that has the key of another."""
    old, new = before.documents.by_key, documents.by_key
    kinds: dict[str, dict[str, Document] | MapMutation[str, Document]] = {}
    changed: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    for key in documents.since(before.documents):
        was, now = old.get(key), new.get(key)
        known = now or was
        if known is None or was is now:
            continue
        kind, name = known.kind, known.reference
        own = kinds.get(kind)
        if own is None:
            own = kinds[kind] = _open(kind, before.kinds.get(kind, _NOTHING))
        if now is None:
            del own[name]
        else:
            own[name] = now
        if was != now:
            changed.setdefault(kind, set()).add(name)
        if was is None or now is None:
            named.setdefault(kind, set()).add(name)
    merged = {**before.kinds, **{kind: _closed(own, kind in named) for kind, own in kinds.items()}}
    found = Catalogue(merged, _frozen(changed), _frozen(named), documents)
    return found, tuple(_repeated(*pair) for pair in documents.repeated)


def _open(
    kind: str, known: Mapping[str, Document]
) -> dict[str, Document] | MapMutation[str, Document]:
    if kind != Workload.__name__:
        return dict(known)
    return Map(known).mutate()


def _closed(
    own: dict[str, Document] | MapMutation[str, Document], renamed: bool
) -> Mapping[str, Document]:
    if isinstance(own, dict):
        return dict(sorted(own.items())) if renamed else own
    return own.finish()


def _frozen(names: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(own) for kind, own in sorted(names.items())}


def _repeated(document: Document, first: Document) -> Diagnostic:
    message = f"{document.kind} {document.reference} is defined at {first.origin} already"
    return finding("FS1016", document, ("metadata", "name"), message)
