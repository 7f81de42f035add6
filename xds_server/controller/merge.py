"""What a change makes of the current objects: added, changed, removed or untouched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from translators.policy.document import Document
from translators.policy.documents import Documents
from translators.policy.load import load
from xds_server.controller.errors import NotFoundError, UnsafeError
from xds_server.controller.values import ChangeKind, ObjectChange, StoredObject


def stored(document: Document) -> StoredObject:
    """Return the document as the store keeps it."""
    return StoredObject(
        document.key,
        document.kind,
        document.tenant,
        document.name,
        document.origin.file,
        document.origin.line,
        document.source,
    )


def restore(objects: Iterable[StoredObject]) -> dict[str, Document]:
    """Load stored objects again, each with the file and lines that its author knows.

    Raises ValueError when one no longer loads: it did when it was stored, so that the store was
    tampered with or this program became stricter; the message names file and line.
    """
    documents: dict[str, Document] = {}
    for kept in objects:
        loaded = load(kept.source, kept.file, first_line=kept.line)
        if len(loaded.documents) != 1:
            findings = "; ".join(map(str, loaded.diagnostics))
            raise ValueError(f"the stored object {kept.key} does not load: {findings}")
        documents[kept.key] = loaded.documents[0]
    return documents


def merged(current: Documents, given: Sequence[Document], prune: bool) -> Documents:
    """Return the documents after an apply; keys given twice stay, for the compiler to refuse.

    With ``prune``, what is not given is removed; giving nothing at all is then refused, because
    an empty directory is more often a mistake than a wish to remove everything.
    """
    if prune and not given and current.by_key:
        raise UnsafeError(
            f"pruning with no document would remove all {len(current.by_key)} objects; "
            "use 'fsdn delete --all' if that is meant"
        )
    return current.edited(given, current.by_key if prune else ())


def without(current: Documents, keys: Iterable[str]) -> Documents:
    """Return the documents after a deletion; raise NotFoundError naming every unknown key."""
    gone = set(keys)
    unknown = sorted(key for key in gone if key not in current.by_key)
    if unknown:
        raise NotFoundError(
            f"there is no object {', '.join(unknown)}; 'fsdn get all -o name' lists them"
        )
    return current.edited((), gone)


def changes_between(old: Documents, new: Documents) -> tuple[ObjectChange, ...]:
    """Return what differs, sorted by key.

    The text and the place count, not only the meaning: a revision restores both.
    """
    found = []
    for key in sorted(new.since(old)):
        before, after = (None if one is None else stored(one) for one in _pair(old, new, key))
        if before != after:
            found.append(_change(before, after))
    return tuple(found)


def _pair(old: Documents, new: Documents, key: str) -> tuple[Document | None, Document | None]:
    return old.by_key.get(key), new.by_key.get(key)


def _change(before: StoredObject | None, after: StoredObject | None) -> ObjectChange:
    if after is None:
        assert before is not None
        return ObjectChange(ChangeKind.REMOVED, before)
    if before is None:
        return ObjectChange(ChangeKind.ADDED, after)
    same = before.source == after.source
    return ObjectChange(ChangeKind.MOVED if same else ChangeKind.CHANGED, after)
