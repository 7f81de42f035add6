"""What clients that come back say they hold: read once for all that hold the same.

A fleet that reconnects names every resource with its version, most of its clients the same ones.
Each lists them in an order of its own (Envoy keeps them in a hash map): equal bytes are read once,
and what is equal in another order becomes the same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from xds_server.protocols.xds.memo import Memo
from xds_server.protocols.xds.protobuf import LENGTH, message, run, scan, text
from xds_server.protocols.xds.requests import Requests

INITIAL = 5  # initial_resource_versions in DeltaDiscoveryRequest
_TAG = INITIAL << 3 | LENGTH
_LONGEST = 1024 * 1024  # bytes of what is remembered as it came
_MOST = 8 * 1024 * 1024
_MOST_ENTRIES, _LONGEST_ENTRY = 32_768, 256  # that are remembered: some 25 MB at worst
_ENTRY = 200  # bytes that an entry takes when it is read, beside its name and version


@dataclass(frozen=True, slots=True)
class Initial:
    """The initial_resource_versions of a request, and the other fields that came with them."""

    versions: Mapping[str, str]
    others: tuple[tuple[int, int | bytes], ...]


NO_INITIAL = Initial({}, ())


class Initials:
    """Reads as ``scan_initial`` does, and gives the same object for equal versions."""

    def __init__(self, states: Memo, most: int = _MOST) -> None:
        self._states = states
        self._read = Requests(self._scan, most, _LONGEST, _weight)

    def read(self, data: bytes) -> Initial:
        """Return what is in these fields; raise MalformedError where they are none."""
        return self._read.read(data) if data and data[0] == _TAG else scan_initial(data)

    def _scan(self, data: bytes) -> Initial:
        found = scan_initial(data)
        key = ("initial", frozenset(found.versions.items()))
        versions = self._states.recall(key, lambda: found.versions, weigh)
        return Initial(versions, found.others)


def weigh(versions: Mapping[str, str | None]) -> int:
    """Return how many resources to count for these names: long names count for several."""
    letters = sum(len(name) + len(version or "") for name, version in versions.items())
    return len(versions) + letters // _ENTRY


def _weight(data: bytes, read: Initial) -> int:
    return len(data) + _ENTRY * len(read.versions)


def scan_initial(data: bytes) -> Initial:
    """Return the initial_resource_versions among these fields; raise MalformedError on others."""
    entries, rest = run(data, _TAG)
    versions = dict(map(_entry, entries))
    others: list[tuple[int, int | bytes]] = []
    for key, value in scan(data[rest:]):
        if key == INITIAL:
            name, version = _entry(message(value))
            versions[name] = version
        else:
            others.append((key, value))
    return Initial(versions, tuple(others))


def _entry(data: bytes) -> tuple[str, str]:
    return _read_entry(data) if len(data) > _LONGEST_ENTRY else _known_entry(data)


def _read_entry(data: bytes) -> tuple[str, str]:
    pair = {1: "", 2: ""}
    for key, value in scan(data):
        if key in pair:
            pair[key] = text(value)
    return pair[1], pair[2]


_known_entry = lru_cache(maxsize=_MOST_ENTRIES)(_read_entry)
