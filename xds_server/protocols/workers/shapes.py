"""What a message on the pipe may hold, field by field: values and JSON, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

from xds_server.protocols.workers.framing import Frame, FrameError, packed

Check = Callable[[Any], Any]  # returns the field's value, or raises FrameError
T = TypeVar("T")


def exactly(kind: type) -> Check:
    """Return a check for values of one JSON type; true is no number."""

    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise FrameError(f"{kind.__name__} expected, {type(value).__name__} found")
        return value

    return check


text, whole, flag = exactly(str), exactly(int), exactly(bool)


def real(value: Any) -> Any:
    """Check for a number; a whole one counts, as JSON has one kind only."""
    return float(value) if type(value) is int else exactly(float)(value)


def numbers(value: Any) -> Any:
    """Check for an object of numbers, or of such objects."""
    return {
        name: numbers(one) if isinstance(one, dict) else one if type(one) is int else real(one)
        for name, one in exactly(dict)(value).items()
    }


def each(kind: type) -> Check:
    """Return a check for arrays of one JSON type, however long."""

    def check(value: Any) -> Any:
        found = exactly(list)(value)
        if not {kind}.issuperset(map(type, found)):
            raise FrameError(f"an array of {kind.__name__} expected")
        return tuple(found)

    return check


def every(check: Check) -> Check:
    """Return a check for arrays, which become tuples."""

    def check_all(value: Any) -> Any:
        return tuple(check(one) for one in exactly(list)(value))

    return check_all


def row(*checks: Check) -> Check:
    """Return a check for arrays of fixed length."""

    def check_row(value: Any) -> Any:
        found = exactly(list)(value)
        if len(found) != len(checks):
            raise FrameError(f"{len(checks)} values expected, {len(found)} found")
        return tuple(check(one) for check, one in zip(checks, found, strict=True))

    return check_row


def maybe(check: Check) -> Check:
    """Return a check that lets null pass as None."""

    def check_maybe(value: Any) -> Any:
        return None if value is None else check(value)

    return check_maybe


class Codec(Generic[T]):
    """The messages of one direction: each a dataclass, with a check for each of its fields.

    A last field of bytes has no check: it travels beside the JSON.
    """

    def __init__(self, messages: Mapping[type[T], tuple[Check, ...]]) -> None:
        self._checks = {kind.__name__: (kind, row(*checks)) for kind, checks in messages.items()}
        self._names = {kind: _split(kind, len(checks)) for kind, checks in messages.items()}

    def encode(self, message: T) -> bytes:
        """Return the frame of a message."""
        names, tail = self._names[type(message)]
        values = [type(message).__name__, *(getattr(message, name) for name in names)]
        return packed(values, getattr(message, tail) if tail else b"")

    def decode(self, frame: Frame) -> T:
        """Return the message in a frame; raise FrameError if there is none of this direction."""
        name, *values = frame.values
        found = self._checks.get(name) if isinstance(name, str) else None
        if found is None:
            raise FrameError("a frame with an unknown name")
        kind, check = found
        tail = (frame.tail,) if self._names[kind][1] else ()
        if frame.tail and not tail:
            raise FrameError(f"{name} with bytes that it has no use for")
        made: Callable[..., T] = kind
        return made(*check(values), *tail)


def _split(kind: type, checked: int) -> tuple[tuple[str, ...], str]:
    names = tuple(field.name for field in fields(kind))
    return names[:checked], "".join(names[checked:])
