"""Structured resource names: ``xdstp://AUTHORITY/TYPE/PATH?PARAMETERS``, and collections of them.

Source: xRFC TP1 of the xDS working group: the order of the context parameters means nothing, and a
path that ends with ``/*`` stands for all names that have one more segment in that place.
"""

from __future__ import annotations

from collections.abc import Iterable

_SCHEME = "xdstp://"
_NONE: frozenset[str] = frozenset()


def canonical(name: str) -> str:
    """Return the name with its context parameters sorted; other names as they are."""
    if not name.startswith(_SCHEME):
        return name
    rest, mark, directives = name.partition("#")
    path, question, parameters = rest.partition("?")
    ordered = "&".join(sorted(part for part in parameters.split("&") if part))
    return path + (question + ordered if ordered else "") + mark + directives


def canonical_all(names: Iterable[str]) -> frozenset[str]:
    """Return the names in their canonical form; takes next to no time where none is structured."""
    given = frozenset(names)
    return frozenset(map(canonical, given)) if _SCHEME in "\n".join(given) else given


def globs_of(names: Iterable[str]) -> frozenset[str]:
    """Return those of the names that stand for a collection, as quickly."""
    return frozenset(filter(is_glob, names)) if _SCHEME in "\n".join(names) else _NONE


def is_glob(name: str) -> bool:
    """Whether a name stands for a collection."""
    return name.startswith(_SCHEME) and name.partition("?")[0].endswith("/*")


def collection(name: str) -> str:
    """Return the glob that a canonical name belongs to, or "" if it can belong to none."""
    if not name.startswith(_SCHEME):
        return ""
    path, question, parameters = name.partition("?")
    parent, slash, _ = path[len(_SCHEME) :].rpartition("/")
    if parent.count("/") < 1:  # an authority, which may be empty, and a type at the least
        return ""
    return f"{_SCHEME}{parent}{slash}*{question}{parameters}"
