"""A plan as YAML: readable, and the same bytes for the same plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Network,
)
from typing import Any

from translators.plan.model import Compare, Origin, Plan, PortRange, StringMatch

# Text that YAML 1.1 and 1.2 readers alike take for text; everything else is quoted.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./() -]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_IP = (IPv4Address, IPv6Address, IPv4Network, IPv6Network, IPv4Interface)


def to_yaml(plan: Plan) -> str:
    """Return the plan as YAML; fields without a value are left out."""
    lines: list[str] = []
    for part in fields(plan):
        if part.init and (things := getattr(plan, part.name)):
            lines.append(f"{part.name}:")
            for thing in things:
                lines.extend(_item(plain(thing)))
    return "".join(f"{line}\n" for line in lines) or "{}\n"


def plain(value: Any) -> Any:
    """Return a value of the plan as what JSON and YAML know: mappings, lists and scalars."""
    if isinstance(value, PortRange):
        return value.first if value.first == value.last else f"{value.first}-{value.last}"
    if isinstance(value, StringMatch):
        return _comparison(value)
    if isinstance(value, (*_IP, Origin)):
        return str(value)
    if is_dataclass(value):
        named = ((f.name, getattr(value, f.name)) for f in fields(value) if f.init and f.repr)
        return {name: plain(item) for name, item in named if item is not None and item != ()}
    if isinstance(value, tuple):
        return _sequence(value)
    return value.value if hasattr(value, "value") else value


def _comparison(match: StringMatch) -> dict[str, str | bool]:
    present = match.compare is Compare.PRESENT
    return {match.compare.value: True if present else match.value}


def _sequence(values: tuple[Any, ...]) -> Any:
    if all(isinstance(v, tuple) and len(v) == 2 and isinstance(v[1], StringMatch) for v in values):
        return {name: _comparison(match) for name, match in values}
    return [plain(value) for value in values]


def _item(thing: dict[str, Any]) -> Iterator[str]:
    mark = "  - "
    for name, value in thing.items():
        block = isinstance(value, list) and any(isinstance(v, dict) for v in value)
        if block:
            yield f"{mark}{name}:"
            for row in value:
                yield f"      - {_flow(row)}"
        else:
            yield f"{mark}{name}: {_flow(value)}"
        mark = "    "


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{_scalar(name)}: {_flow(item)}" for name, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS and not text.endswith(" ")
    )
