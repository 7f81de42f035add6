"""Warnings that nothing waits for: worked out when somebody asks, since devices do not."""

from __future__ import annotations

from collections.abc import Iterator

from translators.compiler.conflicts import conflicts
from translators.compiler.draft import Draft
from translators.compiler.table import Table
from translators.diagnostics import Diagnostic


class Advice:
    """What a compilation's author should know of its rules; no error is among it.

    It is worked out once, from what was told before where that was worked out, too. One thread at
    a time may ask.
    """

    __slots__ = ("_before", "_draft", "_known")

    def __init__(
        self,
        draft: Draft = Draft(),  # noqa: B008 - frozen and empty
        before: Draft = Draft(),  # noqa: B008
        told: Advice | None = None,
    ) -> None:
        self._draft = draft
        known = None if told is None else told._known
        self._before = None if known is None else (before, known)
        self._known: Table[None] | None = None

    def __iter__(self) -> Iterator[Diagnostic]:
        """Yield the warnings."""
        if self._known is None:
            self._known = conflicts(self._draft, self._before)
            self._before = None  # let go of it
        return (one for own in self._known.findings.values() for one in own)
