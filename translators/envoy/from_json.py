"""proto3 JSON to typed messages: every error at once, each with its path and its mend.

The stock conversion drops fields with digits in their names, stops at the first error, and says
neither where nor what. Source: https://protobuf.dev/programming-guides/json/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any as Json

import betterproto2
from betterproto2 import FieldMetadata, Message
from envoy_data_plane.google.protobuf import Any, ListValue, NullValue, Struct, Value

from translators.envoy.encode import pack
from translators.envoy.from_json_scalars import WrongValueError, scalar
from translators.envoy.message_types import message_type
from translators.envoy.to_json import PLAIN_VALUE, classes_of, fields_of, proto_name

Path = tuple[str | int, ...]
TYPE, FIELD, VALUE = "FS6001", "FS6002", "FS6003"  # codes of the findings


@dataclass(frozen=True, slots=True)
class Wrong:
    """One error: where in the JSON, the diagnostic's code, what is wrong and how to mend it."""

    path: Path
    code: str
    message: str
    mend: str = ""


def from_json(value: Json, path: Path = ()) -> tuple[Message | None, tuple[Wrong, ...]]:
    """Return the message that an object with ``@type`` stands for, or everything that is wrong."""
    reader = _Reader([])
    message: Message | None = reader.typed(value, path)
    return (message if not reader.wrong else None), tuple(reader.wrong)


@cache
def _names(kind: type[Message]) -> Mapping[str, str]:
    """Return the Python field by each spelling that JSON may use: that of the .proto, or camel."""
    names: dict[str, str] = {}
    for name in fields_of(kind):
        first, *others = proto_name(name).split("_")
        camel = first + "".join(part[:1].upper() + part[1:] for part in others)
        names |= {proto_name(name): name, camel: name}
    return names


@dataclass(slots=True)
class _Reader:
    wrong: list[Wrong]

    def typed(self, value: Json, path: Path) -> Json:
        url = value.get("@type") if isinstance(value, dict) else None
        if not isinstance(url, str):
            mend = "write the type as '@type': type.googleapis.com/envoy..."
            return self._refuse(path, TYPE, "the type is missing", mend)
        kind = message_type(url)
        if kind is None:
            mend = "write a full name such as type.googleapis.com/envoy.config.cluster.v3.Cluster"
            return self._refuse((*path, "@type"), TYPE, f"{url} is no type of Envoy's API", mend)
        rest = {key: item for key, item in value.items() if key != "@type"}
        if issubclass(kind, PLAIN_VALUE):
            return self._message(kind, rest.get("value"), (*path, "value"))
        return self._message(kind, rest, path)

    def _message(self, kind: type[Message], value: Json, path: Path) -> Json:
        if kind is Any:
            packed = self.typed(value, path)
            return None if packed is None else pack(packed)
        if issubclass(kind, PLAIN_VALUE):
            return self._plain(kind, value, path)
        if not isinstance(value, dict):
            message = f"{_last(path)} must be a mapping, not {_shown(value)}"
            return self._refuse(path, VALUE, message, "write its fields below it")
        fields = dict(self._fields(kind, value, path))
        self._one_of(kind, fields, path)
        return kind(**fields)

    def _fields(
        self, kind: type[Message], value: Mapping[str, Json], path: Path
    ) -> Iterator[tuple[str, Json]]:
        names = _names(kind)
        for key, item in value.items():
            name = names.get(key)
            if name is None:
                near = get_close_matches(key, sorted(names), n=1, cutoff=0.6)
                known = ", ".join(sorted({proto_name(n) for n in names.values()})[:12]) or "none"
                mend = f"did you mean {near[0]}?" if near else f"its fields are {known}"
                self._refuse((*path, key), FIELD, f"{key} is no field of {kind.__name__}", mend)
            elif (found := self._field(kind, name, item, (*path, key))) is not None:
                yield name, found

    def _field(self, kind: type[Message], name: str, item: Json, path: Path) -> Json:
        meta = fields_of(kind)[name]
        kinds = classes_of(kind)
        if meta.map_meta is not None:
            return self._map(meta.map_meta, kinds[f"{name}.value"], item, path)
        if not meta.repeated:
            return self._single(meta, kinds[name], item, path)
        if not isinstance(item, list):
            message = f"{_last(path)} is a list, not {_shown(item)}"
            return self._refuse(path, VALUE, message, "write '- ' before each of its values")
        found = [self._single(meta, kinds[name], one, (*path, i)) for i, one in enumerate(item)]
        return [one for one in found if one is not None]

    def _map(
        self, parts: tuple[FieldMetadata, FieldMetadata], kind: type, item: Json, path: Path
    ) -> Json:
        if not isinstance(item, dict):
            message = f"{_last(path)} must be a mapping, not {_shown(item)}"
            return self._refuse(path, VALUE, message, "write names and values below it")
        out = {}
        for key, one in item.items():
            name = int(key) if "int" in parts[0].proto_type and key.isdecimal() else key
            found = self._single(parts[1], kind, one, (*path, key))
            if found is not None:
                out[name] = found
        return out

    def _single(self, meta: FieldMetadata, kind: type, value: Json, path: Path) -> Json:
        if meta.proto_type == betterproto2.TYPE_MESSAGE and meta.unwrap is None:
            return self._message(kind, value, path)
        try:
            return scalar(meta, kind, value)
        except WrongValueError as error:
            return self._refuse(path, VALUE, f"{_last(path)}: {error}", error.mend)

    def _plain(self, kind: type[Message], value: Json, path: Path) -> Json:
        if kind is Struct and not isinstance(value, dict):
            message = f"{_last(path)} must be a mapping, not {_shown(value)}"
            return self._refuse(path, VALUE, message, "write names and values below it")
        if kind is ListValue and not isinstance(value, list):
            message = f"{_last(path)} must be a list, not {_shown(value)}"
            return self._refuse(path, VALUE, message, "write '- ' before each of its values")
        found = _value(value)
        return found if kind is Value else found.struct_value or found.list_value or kind()

    def _one_of(self, kind: type[Message], fields: dict[str, Json], path: Path) -> None:
        """Refuse two fields of one oneof: the device would take the last and say nothing."""
        groups: dict[str, str] = {}
        for name in fields:
            group = fields_of(kind)[name].group
            if group is not None and (first := groups.setdefault(group, name)) != name:
                both = f"{proto_name(first)} and {proto_name(name)} exclude each other"
                self._refuse((*path, proto_name(name)), VALUE, both, "keep one of them")
                fields[name] = None

    def _refuse(self, path: Path, code: str, message: str, mend: str) -> Json:
        """Note an error, and return the None that stands for the value."""
        self.wrong.append(Wrong(path, code, message, mend))
        return None


def _value(value: Json) -> Value:
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, int | float):
        return Value(number_value=float(value))
    if isinstance(value, str):
        return Value(string_value=value)
    if isinstance(value, dict):
        fields = {key: _value(item) for key, item in value.items()}
        return Value(struct_value=Struct(fields=fields))
    if isinstance(value, list):
        return Value(list_value=ListValue(values=[_value(item) for item in value]))
    return Value(null_value=NullValue(0))


def _last(path: Path) -> str:
    return str(next((step for step in reversed(path) if isinstance(step, str)), "the resource"))


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
