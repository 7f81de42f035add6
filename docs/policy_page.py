"""The reference of the policy language: each kind with an example, then its parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from translators.policy.kinds import FUTURE_FIELDS, FUTURE_KINDS, FUTURE_VALUES, KINDS
from translators.policy.schema import json_schema

EXAMPLES = Path(__file__).parent / "examples"
Schema = Mapping[str, Any]

INTRODUCTION = """\
A file holds any number of documents, separated by `---`. Each has `apiVersion`, `kind`, `metadata`
and `spec`. Reading is strict: an unknown field, a wrong type or an empty list is refused with file,
line and mend, and nothing of the input is applied. YAML anchors, aliases and tags are refused too.

A reference is `name` for an object of the same tenant, or `tenant/name`. `fsdn schema` prints the
JSON Schema behind this page, for editors. A field whose default is blank may be left out; where
that has a meaning, it is said with the field."""

ORDER = """\
## Rule order and defaults

A connection or request is decided by the first rule that matches it, among the rules of its tenant:

1. policies of higher `priority` come first;
2. among policies of equal priority, those that only deny come before those that allow anything;
3. among those, by name, and within a policy as written.

What no rule matches takes the tenant's `default`, which is `deny` unless it is set to `allow`.
Replies to an allowed connection are allowed with it. Segments are apart: a rule whose sources and
destinations lie in different segments matches nothing (FS4003). A policy selects objects of its own
tenant only.

A rule without `match.http` is decided by addresses and ports alone, a rule with it for each
request. Fields of a match are and-ed; elements of a list in it, and of `from` and `to`, are or-ed.
Policies of equal priority that decide differently on the same traffic are reported (FS4002): give
one of them a higher priority."""

FUTURE = """\
## Not available yet

The language has room for more than this version carries out. The words below are refused with
FS1013 wherever the tables above do not have them; nothing is silently left out."""


def policy_page() -> str:
    """Return the page without its head line."""
    definitions: Schema = json_schema()["$defs"]
    lines = ["# Policy reference", "", INTRODUCTION, "", *_contents(), ""]
    shown: set[str] = set()
    shared = _shared(definitions)
    for kind in KINDS:
        lines += _kind(kind, definitions, shared, shown)
    lines += ["## Shared parts", "", "These occur in several kinds.", ""]
    for name in sorted(shared):
        lines += _definition(name, definitions[name], "###")
    return "\n".join([*lines, ORDER, "", *_future(), ""])


def _contents() -> Iterator[str]:
    yield "| kind | what it is |"
    yield "|---|---|"
    for name, model in KINDS.items():
        yield f"| [{name}](#{name.lower()}) | {_text({'description': model.__doc__ or ''})} |"


def _kind(kind: str, definitions: Schema, shared: set[str], shown: set[str]) -> Iterator[str]:
    yield from _definition(kind, definitions[kind], "##", example(kind))
    for name in _below(definitions, kind):
        if name not in shared | shown:
            shown.add(name)
            yield from _definition(name, definitions[name], "###")


def example(kind: str) -> str:
    """Return the example of a kind, or "" where there is none."""
    path = EXAMPLES / f"{kind.lower()}.yaml"
    return path.read_text() if path.exists() else ""


def _shared(definitions: Schema) -> set[str]:
    """Return the parts that more than one kind has."""
    found = [set(_below(definitions, kind)) for kind in KINDS]
    return {name for name in definitions if sum(name in below for below in found) > 1}


def _below(definitions: Schema, name: str) -> list[str]:
    """Return the parts of a definition and their parts, each once, in reading order."""
    found: list[str] = []
    for part in _references(definitions[name]):
        for one in (part, *_below(definitions, part)):
            if one not in found:
                found.append(one)
    return found


def _references(schema: Any) -> Iterator[str]:
    values: Iterable[Any] = schema if isinstance(schema, list) else ()
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        values = schema.values()
    for value in values:
        yield from _references(value)


def _definition(name: str, schema: Schema, level: str, shown: str = "") -> Iterator[str]:
    yield from (f"{level} {name}", "", _text(schema), "")
    if shown:
        yield from ("```yaml", shown.rstrip("\n"), "```", "")
    required = set(schema.get("required", []))
    properties: Schema = schema.get("properties", {})
    if properties:
        yield "| field | type | default | meaning |"
        yield "|---|---|---|---|"
    for field, value in properties.items():
        default = "required" if field in required else _default(value)
        yield f"| `{field}` | {_type(value)} | {default} | {_text(value)} |"
    if properties:
        yield ""


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return _value(schema["const"])
    if "enum" in schema:
        return ", ".join(map(_value, schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(s) for s in schema[key] if s.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    below = list(schema.get("patternProperties", {}).values())
    below += [schema["additionalProperties"]] if schema.get("additionalProperties") else []
    if below and isinstance(below[0], dict):
        return f"map to {_type(below[0])}"
    return str(schema.get("format") or schema.get("type", "any"))


def _default(schema: Schema) -> str:
    default = schema.get("default", "")
    if isinstance(default, dict):
        default = {key: value for key, value in default.items() if value is not None}
    return "" if default == "" else f"`{json.dumps(default)}`"


def _value(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _text(schema: Schema) -> str:
    text = " ".join(str(schema.get("description", "")).split())
    return text.replace("|", "\\|").replace("``", "`")


def _future() -> Iterator[str]:
    yield from (FUTURE, "")
    named = {"kinds": FUTURE_KINDS, "fields": FUTURE_FIELDS, "values": FUTURE_VALUES}
    for what, words in named.items():
        if words:
            yield f"- {what}: {', '.join(f'`{word}`' for word in sorted(words))}"
