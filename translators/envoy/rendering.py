"""Resources as canonical YAML, for goldens and for people; never on a request path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from translators.envoy.message_types import message_type
from translators.envoy.resources import EncodedResource
from translators.envoy.to_json import to_json


def render(resources: Iterable[EncodedResource]) -> str:
    """Return the resources as YAML documents, each under its type and name, in canonical order."""
    return "".join(_document(resource) for resource in sorted(resources))


def as_dict(type_url: str, body: bytes) -> dict[str, Any]:
    """Return a resource as proto3 JSON with its ``@type``; an unknown type raises KeyError."""
    kind = message_type(type_url)
    if kind is None:
        raise KeyError(type_url)
    return {"@type": type_url, **to_json(kind.parse(body))}


def block(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a JSON value as block YAML; keys of mappings are sorted."""
    indent = "  " * depth
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _pair(f"{indent}{_key(key)}:", value[key], depth)
    elif isinstance(value, list) and value:
        for item in value:
            first, *others = block(item, depth + 1)
            yield f"{indent}- {first.lstrip()}"
            yield from others
    else:
        yield indent + _scalar(value)


def _document(resource: EncodedResource) -> str:
    lines = block(as_dict(resource.type_url, resource.body))
    cause = f"# {resource.origin}\n" if resource.origin else ""
    return f"---\n{cause}" + "\n".join(lines) + "\n"


def _pair(head: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from block(value, depth + 1)
    else:
        yield f"{head} {_scalar(value)}"


def _key(text: str) -> str:
    return text if text.isidentifier() and _is_plain(text) else json.dumps(text)


def _scalar(value: Any) -> str:
    """Return JSON, which is YAML, but for text that needs no quotes."""
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, sort_keys=True)


def _is_plain(text: str) -> bool:
    """Whether YAML reads the bare text as this very string (words, names and versions)."""
    words = text.replace("/", "").replace("_", "").replace("-", "").replace(".", "")
    reserved = text.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return words.isascii() and words.isalnum() and text[0].isalpha() and not reserved
