"""YAML text to plain values with the line of each, by events: nothing is constructed unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml import CSafeLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from translators.diagnostics import Diagnostic, report
from translators.policy.document import Path

DEEPEST = 64  # levels of a document
MOST = 100_000  # values of a document

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
    builder = _Builder(file, first_line, most)
    try:
        _events(text, builder)
    except YAMLError as error:
        line, problem = _explained(error)
        last = text.rstrip("\n").count("\n")  # an early end is found after the last line
        builder.refuse("FS1001", min(line, last), problem)
    except (ValueError, IndexError, AssertionError, RecursionError) as error:
        # Malformed escapes and directives escape the parser as plain Python errors.
        builder.refuse("FS1001", 0, f"the text is not YAML: {type(error).__name__}")
    return Tree(builder.value(), builder.lines, tuple(builder.diagnostics))


def _events(text: str, builder: _Builder) -> None:
    parser = CSafeLoader(text)
    try:
        while (event := parser.get_event()) is not None and builder.take(event):
            pass
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


@dataclass(slots=True)
class _Frame:
    path: Path
    container: dict[str, Any] | list[Any]
    key: str | None = None  # of the value that comes next in a mapping
    skip: bool = False  # that value belongs to a duplicate key


@dataclass(slots=True)
class _Builder:
    file: str
    first_line: int
    most: int = MOST
    lines: dict[Path, int] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    root: list[Any] = field(default_factory=list)
    count: int = 0
    fatal: bool = False

    def value(self) -> Any:
        return self.root[0] if self.root and not self.fatal else None

    def refuse(self, code: str, line: int, message: str, fatal: bool = True) -> None:
        self.fatal = self.fatal or fatal
        self.diagnostics.append(report(code, self.file, self.first_line + line, message))

    def take(self, event: Event) -> bool:
        """Consume an event; False at the end, and where reading on would be of no use."""
        if isinstance(event, NodeEvent):
            self.count += 1
            if (
                self.count > self.most
                or len(self.stack) >= DEEPEST
                or event.anchor is not None
                or getattr(event, "tag", None) is not None
            ):
                self._blame(event)
            if self.fatal and not isinstance(event, AliasEvent):
                return False
            self._node(event)
        elif isinstance(event, CollectionEndEvent):
            self.stack.pop()
        return not isinstance(event, StreamEndEvent)

    def _blame(self, event: NodeEvent) -> None:
        line = _line(event)
        if self.count > self.most:
            self.refuse("FS1008", line, f"the document has more than {self.most:,} values")
        if len(self.stack) >= DEEPEST:
            self.refuse("FS1007", line, f"the document nests more than {DEEPEST} levels")
        if isinstance(event, AliasEvent):
            self.refuse("FS1004", line, f"alias *{event.anchor} is refused", fatal=False)
        elif event.anchor is not None:
            self.refuse("FS1004", line, f"anchor &{event.anchor} is refused", fatal=False)
        if (tag := getattr(event, "tag", None)) is not None:
            self.refuse("FS1005", line, f"tag {tag} is refused", fatal=False)

    def _node(self, event: NodeEvent) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            self._key(frame, event)
            return
        path = self._place(frame, event)
        value: Any = None
        if isinstance(event, ScalarEvent):
            value = resolve(event.value) if event.implicit[0] else event.value
        elif isinstance(event, MappingStartEvent):
            value = {}
        elif isinstance(event, SequenceStartEvent):
            value = []
        self._put(frame, value)
        if isinstance(value, (dict, list)):
            self.stack.append(_Frame(path, value))

    def _key(self, frame: _Frame, event: NodeEvent) -> None:
        line = _line(event)
        if not isinstance(event, ScalarEvent):
            self.refuse("FS1001", line, "a key must be text")
            if not isinstance(event, AliasEvent):
                self.stack.append(_Frame((), []))
            return
        frame.key = event.value
        frame.skip = event.value in frame.container
        if frame.skip:
            shown = event.value[:60]
            self.refuse("FS1002", line, f"key '{shown}' is given twice", fatal=False)
        else:
            self.lines[(*frame.path, event.value)] = self.first_line + line

    def _place(self, frame: _Frame | None, event: NodeEvent) -> Path:
        if frame is None:
            return ()
        if isinstance(frame.container, list):
            path = (*frame.path, len(frame.container))
            self.lines[path] = self.first_line + _line(event)
            return path
        return (*frame.path, frame.key or "")

    def _put(self, frame: _Frame | None, value: Any) -> None:
        if frame is None:
            self.root.append(value)
        elif isinstance(frame.container, list):
            frame.container.append(value)
        else:
            if not frame.skip:
                frame.container[frame.key or ""] = value
            frame.key = None


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
