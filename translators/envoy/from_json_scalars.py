"""Single values of proto3 JSON: numbers in range, enums, bytes, durations and times."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any as Json

import betterproto2
from betterproto2 import FieldMetadata

from translators.envoy.to_json import enum_name

_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")
_SIGNED = {"int32": 31, "sint32": 31, "sfixed32": 31, "int64": 63, "sint64": 63, "sfixed64": 63}
_UNSIGNED = {"uint32": 32, "fixed32": 32, "uint64": 64, "fixed64": 64}
_SPECIAL = ("NaN", "Infinity", "-Infinity")
_WRAPPERS = {
    "Int32Value": "int32",
    "Int64Value": "int64",
    "UInt32Value": "uint32",
    "UInt64Value": "uint64",
}


class WrongValueError(ValueError):
    """A value of the wrong type, form or range; ``mend`` says what to write."""

    def __init__(self, message: str, mend: str) -> None:
        self.mend = mend
        super().__init__(message)


def scalar(meta: FieldMetadata, kind: type, value: Json) -> Json:
    """Return the Python value of a field that is no message; raise WrongValueError otherwise."""
    if meta.proto_type == betterproto2.TYPE_ENUM:
        return _enum(kind, value)
    if kind is int:
        wrapper = meta.unwrap().__name__ if meta.unwrap is not None else ""
        return _integer(_WRAPPERS.get(wrapper, meta.proto_type), value)
    return _READERS[kind](value)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"{value!r} is not text", "put it in quotes")
    return value


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError(f"{value!r} is neither true nor false", "write true or false")
    return value


def _integer(proto_type: str, value: Json) -> int:
    number = value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value):
        number = int(value)  # proto3 JSON writes 64-bit numbers as text
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise WrongValueError(f"{value!r} is not a whole number", "write a whole number")
    if proto_type in _UNSIGNED:
        low, high = 0, (1 << _UNSIGNED[proto_type]) - 1
    else:
        bits = _SIGNED.get(proto_type, 63)
        low, high = -(1 << bits), (1 << bits) - 1
    if not low <= number <= high:
        raise WrongValueError(f"{number} is not in {low}..{high}", "write a number in that range")
    return number


def _float(value: Json) -> float:
    if value in _SPECIAL:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValueError(f"{value!r} is not a number", "write a number such as 0.5")
    return float(value)


def _enum(kind: type, value: Json) -> Json:
    members: Json = list(kind)  # type: ignore[call-overload]
    by_name = {str(enum_name(member)): member for member in members}
    if isinstance(value, str) and value in by_name:
        return by_name[value]
    if isinstance(value, int) and value in {int(member) for member in members}:
        return kind(value)
    near = get_close_matches(str(value).upper(), sorted(by_name), n=1, cutoff=0.6)
    mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(list(by_name)[:12])}"
    raise WrongValueError(f"{value!r} is none of its values", mend)


def _bytes(value: Json) -> bytes:
    try:
        return b64decode(_text(value), validate=True)
    except ValueError as error:
        if isinstance(error, WrongValueError):
            raise
        raise WrongValueError("the text is not base64", "encode the bytes as base64") from error


def _duration(value: Json) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise WrongValueError(f"{value!r} is not a duration", "write seconds, such as 1.5s")
    micros = int(found[2]) * 1_000_000 + int((found[3] or "0").ljust(9, "0")[:6])
    return timedelta(microseconds=-micros if found[1] else micros)


def _time(value: Json) -> datetime:
    try:
        return datetime.fromisoformat(_text(value))
    except ValueError as error:
        mend = "write it as 2026-01-31T12:00:00Z (RFC 3339)"
        raise WrongValueError(f"{value!r} is not a time", mend) from error


_READERS: dict[type, Callable[[Json], Json]] = {
    str: _text,
    bool: _boolean,
    float: _float,
    bytes: _bytes,
    timedelta: _duration,
    datetime: _time,
}
