"""YAML text to documents: all errors of an input at once, each with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from translators.diagnostics import Diagnostic, report
from translators.policy.document import Document, Origin
from translators.policy.validate import document
from translators.policy.yaml_tree import chunks, read

LONGEST = 10_000_000  # characters of an input
MOST = 20_000  # documents of an input
_REMEMBERED = 10_000  # characters of a document that is kept in case it is read again

# YAML 1.2.2, section 5.1; U+0085, U+2028 and U+2029 too, which some readers take for line ends.
_CONTROL = re.compile(
    "[^\t\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents of an input that are whole, and everything that is wrong with the rest."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


def load(text: str, file: str, first_line: int = 1) -> Loaded:
    """Return the documents of a text whose first line is ``first_line`` of the file.

    Nothing is raised for any text: whatever is wrong is a diagnostic.
    """
    if len(text) > LONGEST:
        message = f"the text has {len(text):,} characters, more than {LONGEST:,}"
        return Loaded((), (report("FS1008", file, first_line, message),))
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    blank = True
    for number, (offset, chunk, marked) in enumerate(chunks(plain)):
        if number > MOST:
            message = f"the input has more than {MOST:,} documents"
            diagnostics.append(report("FS1008", file, first_line + offset, message))
            break
        start = _first_content(chunk)
        if start is None and not marked:
            continue
        blank = False
        read_one = _again if len(chunk) <= _REMEMBERED else _one
        found = read_one(chunk, start, Origin(file, first_line + offset))
        documents.extend(found.documents)
        diagnostics.extend(found.diagnostics)
    if blank:
        diagnostics.append(report("FS1006", file, first_line, "the input has no document"))
    ordered = sorted(diagnostics, key=lambda d: (d.line, d.code))
    return Loaded(tuple(documents), tuple(ordered))


def _one(chunk: str, start: int | None, marker: Origin) -> Loaded:
    if start is None:
        return Loaded((), (report("FS1006", marker.file, marker.line, "the document is empty"),))
    origin = Origin(marker.file, marker.line + start)
    source = "\n".join(chunk.split("\n")[start:]).rstrip("\n") + "\n"
    if found := tuple(_controls(source, origin)):
        return Loaded((), found)
    if source.startswith("%"):
        return Loaded((), (report("FS1005", origin.file, origin.line, "a directive is refused"),))
    tree = read(source, origin.file, origin.line)
    if tree.diagnostics and not isinstance(tree.value, dict):
        return Loaded((), tree.diagnostics)
    thing, invalid = document(tree.value, tree.lines, origin, source)
    wrong = tree.diagnostics + invalid
    return Loaded((thing,) if thing is not None and not wrong else (), wrong)


# Most documents of an input were in the last one too, at the same place: what the same text at the
# same line means cannot have changed, and what it was read into is frozen.
_again = lru_cache(maxsize=MOST)(_one)


def _first_content(chunk: str) -> int | None:
    """Return the line, from 0, where something other than comments and a bare marker stands."""
    for number, line in enumerate(chunk.split("\n")):
        text = line.removeprefix("---").strip() if number == 0 else line.strip()
        if text and not text.startswith("#"):
            return number
    return None


def _controls(source: str, origin: Origin) -> Iterator[Diagnostic]:
    if _CONTROL.search(source) is None:
        return
    for number, line in enumerate(source.split("\n")):
        if found := _CONTROL.search(line):
            message = f"the text holds the control character U+{ord(found[0]):04X}"
            yield report("FS1009", origin.file, origin.line + number, message)
