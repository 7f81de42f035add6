"""The files of a folder to resources: every error at once, each with file, line, code and mend.

A file of the folder itself is for every node, one of a folder in it for the node of its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from translators.diagnostics import Diagnostic, report
from translators.envoy.from_json import Path, Wrong
from translators.envoy.raw import name_field, parsed
from translators.envoy.resources import EncodedResource
from translators.folder.checks import Checks, checks_of, is_checks
from translators.folder.forms import Part, form_of
from translators.policy.yaml_tree import chunks, read

LONGEST = 50_000_000  # characters of a file
_MOST = 2_000_000  # values of a document
_REMEMBERED = 100_000  # characters of a document that is not read again while it stays as it is
EVERY = ""  # the node of files that are for every node


@dataclass(frozen=True, slots=True, order=True)
class File:
    """A file: the name that messages show, the node that it is for, and its text."""

    name: str
    node: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Given:
    """A version that a file gives to a type of resources."""

    type_url: str
    version: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Held:
    """What the files of one node hold, by type and name, and the versions that they give.

    ``checks``: what the node is to check for others; its own take the place of those of every node.
    """

    resources: Mapping[tuple[str, str], EncodedResource] = field(default_factory=dict)
    given: tuple[Given, ...] = ()
    checks: Checks | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What all files hold, by node, and everything that is wrong with any of them."""

    nodes: Mapping[str, Held]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    resources: tuple[EncodedResource, ...] = ()
    checks: tuple[Checks, ...] = ()
    given: tuple[Given, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def _all_of(parts: Iterable[_Read]) -> _Read:
    """Return what parts of a file, or of a document, hold together."""
    found = list(parts)
    return _Read(
        tuple(one for part in found for one in part.resources),
        tuple(one for part in found for one in part.checks),
        tuple(one for part in found for one in part.given),
        tuple(one for part in found for one in part.diagnostics),
    )


def read_folder(files: Iterable[File], unread: Iterable[str] = ()) -> Contents:
    """Return what the files hold; a name that two files give to one node is an error.

    ``unread``: folders that lie too deep to belong to a node, each a warning. Nothing is raised for
    any text: whatever is wrong is a diagnostic.
    """
    diagnostics = [report("FS6017", name, 1, "no node has the files in here") for name in unread]
    found: dict[str, dict[tuple[str, str], EncodedResource]] = {}
    given: dict[str, list[Given]] = {}
    checks: dict[str, list[Checks]] = {}
    for file in sorted(files):  # those for every node come first: their node is empty
        told = _file(file)
        diagnostics += told.diagnostics
        given.setdefault(file.node, []).extend(told.given)
        checks.setdefault(file.node, []).extend(told.checks)
        owned = found.setdefault(file.node, {})
        for one in told.resources:
            key = (one.type_url, one.name)
            first = owned.setdefault(key, one)
            if first is not one:
                diagnostics.append(_taken(one, first))
    shared = found.get(EVERY, {})
    for node, owned in found.items():
        both = () if node == EVERY else owned.keys() & shared.keys()
        diagnostics += [_taken(owned[key], shared[key]) for key in both]
    nodes = {
        node: Held(owned, tuple(given[node]), next(iter(checks[node]), None))
        for node, owned in sorted(found.items())
    }
    diagnostics += _contradictions(nodes)
    diagnostics += [_second(one, own[0]) for own in checks.values() for one in own[1:]]
    return Contents(nodes, tuple(sorted(set(diagnostics))))


def _contradictions(nodes: Mapping[str, Held]) -> Iterator[Diagnostic]:
    """Yield an error for each type of a node that is given two versions."""
    for node, held in nodes.items():
        first: dict[str, Given] = {}
        shared = nodes[EVERY].given if node != EVERY and EVERY in nodes else ()
        for one in (*shared, *held.given):
            known = first.setdefault(one.type_url, one)
            if known.version != one.version:
                kind = one.type_url.rpartition(".")[2]
                message = (
                    f"{kind} has version {one.version} here and {known.version} at "
                    f"{known.file}:{known.line}"
                )
                yield report("FS6010", one.file, one.line, message)


def _taken(one: EncodedResource, first: EncodedResource) -> Diagnostic:
    file, _, line = one.origin.rpartition(":")
    message = f"{one.type_url.rpartition('.')[2]} {one.name} exists: it is at {first.origin}"
    return report("FS6004", file, int(line), message, "remove or rename one of the two")


def _second(one: Checks, first: Checks) -> Diagnostic:
    file, _, line = one.origin.rpartition(":")
    message = f"a node has one HealthCheckSpecifier: it is at {first.origin}"
    return report("FS6004", file, int(line), message, "write all cluster_health_checks into one")


def _file(file: File) -> _Read:
    if len(file.text) > LONGEST:
        message = f"the file has {len(file.text):,} characters, more than {LONGEST:,}"
        return _Read(diagnostics=(report("FS1008", file.name, 1, message),))
    text = file.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _all_of(
        (_again if len(chunk) <= _REMEMBERED else _document)(file.name, offset + 1, chunk)
        for offset, chunk, _ in chunks(text)
    )


def _document(file: str, first_line: int, chunk: str) -> _Read:
    tree = read(chunk, file, first_line, _MOST)
    if tree.diagnostics:
        return _Read(diagnostics=tree.diagnostics)
    if tree.value is None:
        return _Read()  # comments alone
    form = form_of(tree.value)
    places = _Places(file, first_line, tree.lines)
    diagnostics = [places.finding(one) for one in form.wrong]
    for path in form.unused:
        message = f"{path[-1]} is the proxy's own and is not served"
        diagnostics.append(report("FS6009", file, places.line(path), message))
    parts = [_checks(p, places) if is_checks(p.value) else _resource(p, places) for p in form.parts]
    urls = {one.type_url for part in parts for one in part.resources}
    given = _given(urls, form.version, places, form.version_path)
    return _all_of([*parts, _Read(given=given, diagnostics=tuple(diagnostics))])


_again = lru_cache(maxsize=4096)(_document)


def _given(urls: Iterable[str], version: str, places: _Places, path: Path) -> tuple[Given, ...]:
    if not version:
        return ()
    return tuple(Given(url, version, places.file, places.line(path)) for url in sorted(urls))


def _resource(part: Part, places: _Places) -> _Read:
    one = parsed(json.dumps(part.value, ensure_ascii=False, sort_keys=True, default=str))
    if one.wrong:
        return _Read(diagnostics=tuple(places.finding(wrong, part.path) for wrong in one.wrong))
    origin = places.origin((*part.path, name_field(one.type_url)))
    return _Read((EncodedResource(one.type_url, one.name, one.body, origin),))


def _checks(part: Part, places: _Places) -> _Read:
    found, wrong = checks_of(part.value, lambda path: places.origin((*part.path, *path)))
    told = tuple(places.finding(one, part.path) for one in wrong)
    return _Read(checks=() if found is None else (found,), diagnostics=told)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the parts of a document stand."""

    file: str
    first_line: int
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of the longest part of a path that the author wrote."""
        for length in range(len(path), 0, -1):
            if (found := self.lines.get(path[:length])) is not None:
                return found
        return min(self.lines.values(), default=self.first_line)

    def origin(self, path: Path) -> str:
        """Return the file and line of a path, as "file:line"."""
        return f"{self.file}:{self.line(path)}"

    def finding(self, wrong: Wrong, below: Path = ()) -> Diagnostic:
        """Return an error as a finding at its line."""
        path = (*below, *wrong.path)
        text = ".".join(str(step) for step in path)
        return report(wrong.code, self.file, self.line(path), wrong.message, wrong.mend, text)
