"""Typed messages as proto3 JSON, with the field names of the .proto files.

The stock conversion splits digits off (``consecutive_5_xx``), and fails on an Any whose module is
not imported. Source: https://protobuf.dev/programming-guides/json/.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any as Json

import betterproto2
from betterproto2 import FieldMetadata, Message
from envoy_data_plane.google.protobuf import Any, ListValue, Struct, Value

from translators.envoy.message_types import message_type

WIDE = frozenset({"int64", "uint64", "sint64", "fixed64", "sfixed64"})  # text in JSON
PLAIN_VALUE = (Struct, Value, ListValue)  # inside an Any these stand under "value"


def to_json(message: Message) -> dict[str, Json]:
    """Return a message as proto3 JSON; fields at their default are left out."""
    out: dict[str, Json] = {}
    for name, meta in fields_of(type(message)).items():
        value = getattr(message, name)
        if _given(meta, value):
            out[proto_name(name)] = _field(meta, value, message, name)
    return out


def fields_of(kind: Json) -> Mapping[str, FieldMetadata]:
    """Return what betterproto2 knows of a message class's fields, by their Python names."""
    found: dict[str, FieldMetadata] = kind._betterproto.meta_by_field_name
    return found


def classes_of(kind: Json) -> Mapping[str, type]:
    """Return the classes of a message class's fields; a map's values are at ``NAME.value``."""
    found: dict[str, type] = kind._betterproto.cls_by_field
    return found


def proto_name(name: str) -> str:
    """Return a Python field's name as the .proto file has it (``in_`` is ``in`` there)."""
    return name.rstrip("_")


def enum_name(value: Json) -> str | int:
    """Return an enum value's name in the .proto file, or its number if it has none."""
    return getattr(value, "proto_name", None) or getattr(value, "name", None) or int(value)


def _given(meta: FieldMetadata, value: Json) -> bool:
    if value is None:
        return False
    is_message = meta.proto_type == betterproto2.TYPE_MESSAGE and not meta.repeated
    return bool(meta.optional or meta.group or is_message or value)


def _field(meta: FieldMetadata, value: Json, message: Message, name: str) -> Json:
    kinds = classes_of(type(message))
    if meta.map_meta is not None:
        inner = meta.map_meta[1]
        pairs = sorted(value.items())
        return {_key(key): _single(inner, kinds[f"{name}.value"], item) for key, item in pairs}
    if meta.repeated:
        return [_single(meta, kinds[name], item) for item in value]
    return _single(meta, kinds[name], value)


def _key(key: Json) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _single(meta: FieldMetadata, kind: type, value: Json) -> Json:
    if isinstance(value, Message):
        return _message(value)
    if isinstance(value, timedelta):
        return _seconds(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if meta.proto_type == betterproto2.TYPE_ENUM:
        return enum_name(kind(value))
    unwrapped = meta.unwrap().__name__ if meta.unwrap is not None else ""
    if meta.proto_type in WIDE or unwrapped in ("Int64Value", "UInt64Value"):
        return str(value)
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> Json:
    if math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _message(message: Message) -> Json:
    match message:
        case Any():
            return _any(message)
        case Struct():
            return {key: _message(item) for key, item in sorted(message.fields.items())}
        case ListValue():
            return [_message(item) for item in message.values]
        case Value():
            return _value(message)
    return to_json(message)


def _any(packed: Any) -> dict[str, Json]:
    kind = message_type(packed.type_url)
    if kind is None:  # a type that only the device knows
        return {"@type": packed.type_url, "value": b64encode(packed.value).decode()}
    message = kind.parse(packed.value)
    if isinstance(message, PLAIN_VALUE):
        return {"@type": packed.type_url, "value": _message(message)}
    return {"@type": packed.type_url, **to_json(message)}


def _value(value: Value) -> Json:
    for found in (value.string_value, value.bool_value):
        if found is not None:
            return found
    if value.number_value is not None:
        return _number(value.number_value)
    nested = value.struct_value if value.struct_value is not None else value.list_value
    return None if nested is None else _message(nested)


def _seconds(duration: timedelta) -> str:
    micros = duration // timedelta(microseconds=1)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    whole, rest = divmod(micros, 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{whole}{fraction}s"
