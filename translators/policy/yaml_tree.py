"""YAML text to plain values with the line of each, by events: nothing is constructed unseen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from yaml import CSafeLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from translators.diagnostics import Diagnostic, report
from translators.policy.document import Path

DEEPEST = 64  # levels of a document
MOST = 100_000  # values of a document
_OTHERS = frozenset(  # events that begin no node
    {
        StreamStartEvent,
        StreamEndEvent,
        DocumentStartEvent,
        DocumentEndEvent,
        MappingEndEvent,
        SequenceEndEvent,
    }
)

# YAML 1.2.2, section 10.3.2: the core schema.
_FIRST = frozenset("~nNtTfF+-.0123456789")  # of what is not text
_NULL = re.compile(r"(null|Null|NULL|~)?")
_BOOL = re.compile(r"(true|True|TRUE)|(false|False|FALSE)")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's plain value (None if it could not be read) and its lines."""

    value: Any
    lines: Mapping[Path, int]
    diagnostics: tuple[Diagnostic, ...]


def read(text: str, file: str, first_line: int, most: int = MOST) -> Tree:
    """Return the one document of ``text``, which starts at ``first_line`` of the file.

    Whatever is wrong is a diagnostic; nothing is raised.
    """
    reader = _Reader(file, first_line, most)
    try:
        _events(text, reader)
    except YAMLError as error:
        line, problem = _explained(error)
        last = text.rstrip("\n").count("\n")  # an early end is found after the last line
        reader.refuse("FS1001", min(line, last), problem)
    except (ValueError, IndexError, AssertionError, RecursionError) as error:
        # Malformed escapes and directives escape the parser as plain Python errors.
        reader.refuse("FS1001", 0, f"the text is not YAML: {type(error).__name__}")
    return Tree(reader.value(), reader.lines, tuple(reader.diagnostics))


def _events(text: str, reader: _Reader) -> None:
    parser = CSafeLoader(text)
    try:
        reader.take(parser.get_event)
    finally:
        parser.dispose()


def _explained(error: YAMLError) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None)
    problem = error.problem if isinstance(error, MarkedYAMLError) else None
    return (mark.line if mark else 0), str(problem or "the text is not YAML").strip()


def _line(event: Event) -> int:
    return event.start_mark.line if event.start_mark else 0


def resolve(text: str) -> Any:
    """Return the value of a plain scalar by the core schema; dates and MACs stay text."""
    if text and text[0] not in _FIRST:
        return text
    if _NULL.fullmatch(text):
        return None
    if found := _BOOL.fullmatch(text):
        return bool(found[1])
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Enough(Exception):  # noqa: N818 - it is no error, but the end of a document that has one
    """Reading on would be of no use."""


class _Reader:
    """Takes a document's nodes one inside the other, as the events of the parser come."""

    def __init__(self, file: str, first_line: int, most: int) -> None:
        self.lines: dict[Path, int] = {}
        self.diagnostics: list[Diagnostic] = []
        self._file = file
        self._first_line = first_line
        self._most = most
        self._count = 0
        self._depth = 0
        self._root: list[Any] = []
        self._fatal = False
        self._event: Callable[[], Any]

    def value(self) -> Any:
        return self._root[0] if self._root and not self._fatal else None

    def refuse(self, code: str, line: int, message: str, fatal: bool = True) -> None:
        self._fatal = self._fatal or fatal
        self.diagnostics.append(report(code, self._file, self._first_line + line, message))

    def take(self, event: Callable[[], Any]) -> None:
        """Consume all events, or those until reading on would be of no use."""
        self._event = event
        with suppress(_Enough):
            while type(found := self._next()) is not StreamEndEvent:
                if isinstance(found, NodeEvent):
                    self._root.append(self._value(found, ()))

    def _next(self) -> Any:  # an event: what it has, its type says
        """Return the next event; what no node may have or be is refused."""
        event = self._event()
        if type(event) in _OTHERS:
            return event
        self._count += 1
        if (
            self._count > self._most
            or self._depth >= DEEPEST
            or event.anchor is not None
            or type(event) is AliasEvent
            or event.tag is not None
        ):
            self._blame(event)
        if self._fatal and type(event) is not AliasEvent:
            raise _Enough
        return event

    def _blame(self, event: NodeEvent) -> None:
        line = _line(event)
        if self._count > self._most:
            self.refuse("FS1008", line, f"the document has more than {self._most:,} values")
        if self._depth >= DEEPEST:
            self.refuse("FS1007", line, f"the document nests more than {DEEPEST} levels")
        if isinstance(event, AliasEvent):
            self.refuse("FS1004", line, f"alias *{event.anchor} is refused", fatal=False)
        elif event.anchor is not None:
            self.refuse("FS1004", line, f"anchor &{event.anchor} is refused", fatal=False)
        if (tag := getattr(event, "tag", None)) is not None:
            self.refuse("FS1005", line, f"tag {tag} is refused", fatal=False)

    def _value(self, event: Any, path: Path) -> Any:
        """Return the value of the node that begins with this event; that of an alias is None."""
        kind = type(event)
        if kind is ScalarEvent:
            return resolve(event.value) if event.implicit[0] else event.value
        if kind is MappingStartEvent:
            return self._mapping(path)
        return self._sequence(path) if kind is SequenceStartEvent else None

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._depth += 1
        while type(event := self._next()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.refuse("FS1001", _line(event), "a key must be text")
                while type(event) is not AliasEvent and type(self._next()) is AliasEvent:
                    pass  # what is refused may name aliases, and ends; all else is enough
                continue
            key: str = event.value
            below = (*path, key)
            if key in found:
                shown = f"key '{key[:60]}' is given twice"
                self.refuse("FS1002", _line(event), shown, fatal=False)
                self._value(self._next(), below)
                continue
            self.lines[below] = self._first_line + _line(event)
            found[key] = None  # so that it is known while its value is read
            found[key] = self._value(self._next(), below)
        self._depth -= 1
        return found

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        self._depth += 1
        while type(event := self._next()) is not SequenceEndEvent:
            below = (*path, len(found))
            self.lines[below] = self._first_line + _line(event)
            found.append(self._value(event, below))
        self._depth -= 1
        return found


def chunks(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (line offset, text, after a ``---``) of each document, cut at its markers.

    YAML 1.2.2, section 9.1.2: at the start of a line a marker is one even inside a scalar,
    so that an error in one document hides nothing in the next.
    """
    start, marked, held = 0, False, list[str]()
    for number, line in enumerate(_LINE.findall(text)):
        if _MARKER.match(line):
            yield start, "".join(held), marked
            start, marked, held = number, line.startswith("---"), [line if line[0] == "-" else "\n"]
        else:
            held.append(line)
    yield start, "".join(held), marked


_MARKER = re.compile(r"(---|\.\.\.)(?=\s|$)")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
