"""What authors wrote in a dialect's own language: the plan carries it and does not look inside."""

from __future__ import annotations

from dataclasses import dataclass, field

from translators.plan.terms import Origin

Lines = tuple[tuple[str, int], ...]  # JSON pointer (RFC 6901) to line, sorted


@dataclass(frozen=True, slots=True, order=True)
class RawResource:
    """A resource for the proxies of ``hosts``; ``body`` is canonical JSON."""

    name: str  # the object and its place there, such as ``shop/extra[0]``
    hosts: tuple[str, ...]
    body: str
    origin: Origin
    lines: Lines = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, order=True)
class RawPatch:
    """An amendment of compiled resources on ``hosts``; ``body`` is canonical JSON or empty."""

    name: str
    hosts: tuple[str, ...]
    type: str  # the message's name, such as ``Cluster``
    target: str  # a resource's name, with ``*`` and ``?`` for any text
    operation: str  # merge, replace or remove
    body: str
    origin: Origin
    lines: Lines = field(default=(), repr=False)


def pointer(path: tuple[str | int, ...]) -> str:
    """Return a path as a JSON pointer (RFC 6901, section 3)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def line_at(lines: Lines, path: tuple[str | int, ...], default: int) -> int:
    """Return the line of the longest part of ``path`` that the author wrote."""
    known = dict(lines)
    for length in range(len(path), 0, -1):
        if (found := known.get(pointer(path[:length]))) is not None:
            return found
    return default
