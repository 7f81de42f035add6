"""JSON Schema of the language, for editors that complete and check while an author writes."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from translators.policy.kinds import KINDS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return one schema that has every kind as an alternative, with its definitions sorted."""
    references, definitions = models_json_schema(
        [(model, "validation") for model in KINDS.values()], title="Full-stack SDN policy, fsdn/v1"
    )
    return {
        "$schema": _DIALECT,
        "title": definitions["title"],
        "oneOf": [references[model, "validation"] for model in KINDS.values()],
        "$defs": {name: _given(part) for name, part in sorted(definitions["$defs"].items())},
    }


def _given(schema: Any) -> Any:
    """Return a schema without its nulls: a field is given a value or left out."""
    if isinstance(schema, list):
        return [_given(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    return {k: _given(v) for k, v in schema.items() if not (k == "default" and v is None)}
