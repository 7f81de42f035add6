"""Which versions a proxy has to acknowledge, to run what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_

from xds_server.controller.references import REFERRING, references
from xds_server.snapshots.model import Snapshot
from xds_server.status.model import DeviceStatus

# These two are subscribed to by wildcard, so that an emptied type is acknowledged too.
_WILDCARD = (
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "type.googleapis.com/envoy.config.listener.v3.Listener",
)


def wanted_versions(
    snapshot: Snapshot, before: Snapshot | None, told: Snapshot | None = None
) -> Mapping[str, str]:
    """Return the versions that a proxy has to acknowledge to run this snapshot.

    ``told``: the snapshot with its marks; they change versions, and not what is asked for.
    """
    emptied = [url for url in _WILDCARD if before is not None and before.of(url)]
    shown = told or snapshot
    return {url: shown.version(url) for url in sorted({*_asked(snapshot), *emptied})}


def wanted_anew(
    known: DeviceStatus, before: Snapshot | None, told: Snapshot
) -> Mapping[str, str] | None:
    """Return the same where the types are those of before, and the same resources refer to others.

    A proxy then asks for the same types as before. None where that is not so.
    """
    if before is None or not _refers_alike(before, told):
        return None
    asked = [url for url, one in known.types.items() if one.wanted and url in told.resources]
    return {url: told.version(url) for url in asked}


def _refers_alike(one: Snapshot, other: Snapshot) -> bool:
    had, has = one.resources, other.resources
    if had.keys() != has.keys():
        return False
    return all(map(is_, map(had.get, REFERRING), map(has.get, REFERRING)))


_REFERRED: dict[tuple[str, str], frozenset[str]] = {}  # by type and content, which hosts share
_MOST_REFERRED = 65_536


def _asked(snapshot: Snapshot) -> frozenset[str]:
    """Return the types that a proxy will ask for: by wildcard, or as something refers to them."""
    asked = set(_WILDCARD)
    for url in snapshot.digests:
        if url in REFERRING:
            asked |= _referred(snapshot, url)
    return frozenset(snapshot.resources.keys() & asked)


def _referred(snapshot: Snapshot, type_url: str) -> frozenset[str]:
    """Return the types that a snapshot's resources of one type refer to."""
    key = (type_url, snapshot.digest(type_url))
    found = _REFERRED.get(key)
    if found is None:
        while len(_REFERRED) >= _MOST_REFERRED:
            del _REFERRED[next(iter(_REFERRED))]
        every = snapshot.of(type_url).values()
        found = frozenset(url for one in every for url, _ in references(type_url, one.body))
        _REFERRED[key] = found
    return found
