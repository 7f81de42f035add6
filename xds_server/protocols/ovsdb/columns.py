"""Columns of OVSDB rows as values (RFC 7047, section 5.1); what makes no sense is empty."""

from __future__ import annotations

from typing import Any


def set_of(value: Any) -> list[Any]:
    """Return a column's values: a set of one is written as the bare value."""
    if _is_pair(value, "set"):
        return value[1] if isinstance(value[1], list) else []
    return [] if value is None else [value]


def text_of(value: Any) -> str:
    """Return a column's first text."""
    return next((one for one in set_of(value) if isinstance(one, str)), "")


def map_of(value: Any) -> dict[str, str]:
    """Return a column's pairs as texts, sorted."""
    if not _is_pair(value, "map") or not isinstance(value[1], list):
        return {}
    pairs = [pair for pair in value[1] if isinstance(pair, list) and len(pair) == 2]
    return dict(sorted((str(key), str(text)) for key, text in pairs))


def uuids_of(value: Any) -> list[str]:
    """Return the rows that a column refers to."""
    found = (one for one in set_of(value) if _is_pair(one, "uuid"))
    return [one[1] for one in found if isinstance(one[1], str)]


def _is_pair(value: object, tag: str) -> bool:
    return isinstance(value, list) and len(value) == 2 and value[0] == tag
