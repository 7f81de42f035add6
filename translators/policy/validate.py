"""A plain value to a document, with every error that its kind's model finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from translators.diagnostics import CODES, Diagnostic, report
from translators.policy.document import Document, Origin, Path, line_of, spelled
from translators.policy.kinds import FUTURE_FIELDS, FUTURE_KINDS, FUTURE_VALUES, KINDS
from translators.policy.scalars import shown


def document(
    value: Any, lines: Mapping[Path, int], origin: Origin, source: str
) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document that a plain value stands for, or everything that is wrong with it."""
    if not isinstance(value, dict):
        message = f"a document must be a mapping, not {shown(value)}"
        mend = "write apiVersion, kind, metadata and spec"
        return None, (report("FS1012", origin.file, origin.line, message, mend),)
    model = KINDS.get(_text(value.get("kind")))
    if model is None:
        return None, (_unknown_kind(value.get("kind"), lines, origin),)
    blanks = tuple(_blanks(value, (), lines, origin, model.nullable)) if _lacks(value) else ()
    try:
        thing = model.model_validate(value)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        found = (_diagnostic(model, error, lines, origin) for error in errors)
        seen = {blank.path for blank in blanks}
        return None, blanks + tuple(d for d in found if d.path not in seen)
    if blanks:
        return None, blanks
    meta = thing.metadata
    tenant = getattr(meta, "tenant", None) or ""
    return Document(thing.kind, tenant, meta.name, origin, source, thing, lines), ()


def _lacks(value: Any) -> bool:
    """Whether a field is without a value: most documents have none such, and their paths can go."""
    for below in value.values() if type(value) is dict else value:
        if below is None or (type(below) in (dict, list) and _lacks(below)):
            return True
    return False


def _blanks(
    value: object, path: Path, lines: Mapping[Path, int], origin: Origin, nullable: Path = ()
) -> Iterator[Diagnostic]:
    """Yield a finding for each field without a value: taken for absent, it would match all."""
    if nullable and path == nullable:
        return
    if value is None and path:
        line, where = line_of(lines, path, origin.line), spelled(path)
        message, mend = f"{where} has no value", "give it one, {} if it has no fields, or remove it"
        yield report("FS1012", origin.file, line, message, mend, where)
    items = value.items() if isinstance(value, dict) else ()
    rows = enumerate(value) if isinstance(value, list) else ()
    for step, below in (*items, *rows):
        if below is None or isinstance(below, (dict, list)):
            yield from _blanks(below, (*path, step), lines, origin, nullable)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _unknown_kind(kind: object, lines: Mapping[Path, int], origin: Origin) -> Diagnostic:
    line = line_of(lines, ("kind",), origin.line)
    if _text(kind) in FUTURE_KINDS:
        mend = "remove the document: this version would not carry it out"
        message = f"kind {kind} is not available yet"
        return report("FS1013", origin.file, line, message, mend, "kind")
    known = f"use one of {', '.join(KINDS)}"
    message = "the document has no kind" if kind is None else f"{shown(kind)} is not a kind"
    mend = meant(_text(kind), KINDS) or known
    return report("FS1010", origin.file, line, message, mend, "kind")


def meant(text: str, known: Iterable[str]) -> str:
    """Return the mend that names the nearest known word, or "" if none is near."""
    words = {word.lower(): word for word in known}
    near = get_close_matches(text.lower(), sorted(words), n=1, cutoff=0.6)
    return f"did you mean {words[near[0]]}?" if near else ""


def _diagnostic(
    model: type[BaseModel], error: ErrorDetails, lines: Mapping[Path, int], origin: Origin
) -> Diagnostic:
    path = _path(error, lines)
    line = line_of(lines, path, origin.line)
    code, message, mend = _explained(model, error, path)
    return report(code, origin.file, line, message, mend, spelled(path))


def _path(error: ErrorDetails, lines: Mapping[Path, int]) -> Path:
    """Return the author's path; pydantic's own steps (unions, functions) are left out."""
    path: Path = ()
    steps = list(error["loc"]) + _steps(error.get("ctx", {}).get("at", ""))
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if (*path, step) in lines or (last and error["type"] == "missing"):
            path = (*path, step)
    return path


def _steps(at: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in at.split(".") if step]


def _explained(model: type[BaseModel], error: ErrorDetails, path: Path) -> tuple[str, str, str]:
    kind, field = error["type"], str(path[-1]) if path else ""
    if kind in CODES:
        context = error["ctx"]
        return kind, context["message"], context["mend"]
    if path == ("apiVersion",):
        given = "is missing" if kind == "missing" else f"{shown(error['input'])} is not fsdn/v1"
        return "FS1014", f"apiVersion {given}", ""
    if kind == "missing":
        return "FS1011", f"{field} is missing", f"add {spelled(path)}"
    if kind == "extra_forbidden":
        return _unknown_field(model, path)
    return _wrong_value(error, field)


def _unknown_field(model: type[BaseModel], path: Path) -> tuple[str, str, str]:
    field = str(path[-1])
    known = sorted(_fields(model, path[:-1]))
    if field in FUTURE_FIELDS:
        mend = "remove it: this version would not carry it out"
        return "FS1013", f"field {spelled(path)} is not available yet", mend
    mend = meant(field, known) or (f"use one of {', '.join(known)}" if known else "remove it")
    where = f" of {spelled(path[:-1])}" if path[:-1] else ""
    return "FS1003", f"{shown(field)} is not a field{where}", mend


def _wrong_value(error: ErrorDetails, field: str) -> tuple[str, str, str]:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "literal_error":
        if isinstance(value, str) and value in FUTURE_VALUES:
            message = f"{field}: {value} is not available yet"
            return "FS1013", message, f"use {context['expected']}"
        mend = meant(_text(value), _quoted(context["expected"])) or f"use {context['expected']}"
        return "FS1012", f"{shown(value)} is not a value of {field}", mend
    if kind == "string_type":
        return "FS1012", f"{field} must be text, not {shown(value)}", "put it in quotes"
    expected = error["msg"].replace("Input should be", "should be").replace("a valid i", "an i")
    return "FS1012", f"{field} is {_sized(value)}", f"it {expected[0].lower()}{expected[1:]}"


def _sized(value: object) -> str:
    if isinstance(value, (dict, list)) and not value:
        return "empty"
    return shown(value)


def _quoted(expected: str) -> list[str]:
    return expected.split("'")[1::2]


def _fields(model: type[BaseModel], path: Path) -> set[str]:
    """Return the field names that an author may write at ``path``."""
    models = [model]
    for step in path:
        if isinstance(step, str):
            models = [below for model in models for below in _below(model, step)]
    return {info.alias or name for model in models for name, info in model.model_fields.items()}


def _below(model: type[BaseModel], step: str) -> Iterator[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if step == (info.alias or name):
            yield from _models(info.annotation)
            return
    yield model  # the key of a dictionary: its values' model was taken already


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
