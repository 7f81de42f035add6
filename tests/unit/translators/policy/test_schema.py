import json
from typing import Any

from translators.policy.kinds import KINDS
from translators.policy.schema import json_schema


def _references(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {r for part in schema for r in _references(part)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if "$ref" in schema else set()
    return own | {r for part in schema.values() for r in _references(part)}


def test_every_kind_is_an_alternative() -> None:
    schema = json_schema()
    assert [part["$ref"].rpartition("/")[2] for part in schema["oneOf"]] == list(KINDS)
    assert _references(schema) <= set(schema["$defs"])


def test_every_mapping_refuses_unknown_fields() -> None:
    for name, part in json_schema()["$defs"].items():
        assert part["additionalProperties"] is False, name


def test_fields_have_the_names_that_authors_write() -> None:
    parts = json_schema()["$defs"]
    assert "from" in parts["PolicySpec"]["properties"]
    assert "targetPort" in parts["ServicePort"]["properties"]
    assert "service" not in parts["Source"]["properties"]
    assert set(parts["PolicySpec"]["required"]) == {"from", "to", "rules"}


def test_the_schema_is_plain_json_without_nulls_and_the_same_each_time() -> None:
    text = json.dumps(json_schema())
    assert '"null"' not in text
    assert text == json.dumps(json_schema())


def test_every_kind_and_field_says_what_it_means() -> None:
    for name, part in json_schema()["$defs"].items():
        assert len(part.get("description", "")) > 10, name
        for field, value in part.get("properties", {}).items():
            assert len(value.get("description", "")) > 10, f"{name}.{field}"
