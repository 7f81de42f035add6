"""What checks found, written into the endpoints that clients are sent.

Health is evidence, not intent: a snapshot compiled from policy never holds it. It is laid over the
snapshot's bytes when they are published, so that equal findings over equal content are equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from xds_server.protocols.reports.fields import Fields, address_of
from xds_server.protocols.reports.health import Checked, Health
from xds_server.protocols.xds.protobuf import MalformedError, message, put, put_number, scan
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource, Snapshot


def marked(snapshot: Snapshot, unhealthy: frozenset[Checked]) -> Snapshot:
    """Return the snapshot with these endpoints' health_status UNHEALTHY; itself if it has none.

    The version of marked endpoints is a hash of their content, though one was given without marks.
    """
    clusters = {checked.cluster for checked in unhealthy}
    own = snapshot.of(ENDPOINT)
    changed = {name: _marked(own[name], unhealthy) for name in clusters & own.keys()}
    if all(resource is own[name] for name, resource in changed.items()):
        return snapshot
    given = {url: version for url, version in snapshot.given.items() if url != ENDPOINT}
    marks = dict(sorted({**own, **changed}.items()))
    return Snapshot({**snapshot.resources, ENDPOINT: marks}, given)


def _marked(resource: Resource, unhealthy: frozenset[Checked]) -> Resource:
    bad = {(each.address, each.port) for each in unhealthy if each.cluster == resource.name}
    try:
        body = _each(resource.body, 2, lambda locality: _each(locality, 2, lambda e: _one(e, bad)))
    except MalformedError:
        return resource  # the client will say what is wrong with it
    return resource if body == resource.body else replace(resource, body=body, version="")


def _each(data: bytes, field: int, change: Callable[[bytes], bytes]) -> bytes:
    """Return a message with every field of this number changed; all others as they are."""
    parts = []
    for key, value in scan(data):
        if isinstance(value, int):
            parts.append(put_number(key, value))
        else:
            parts.append(put(key, change(message(value)) if key == field else value))
    return b"".join(parts)


def _one(endpoint: bytes, bad: set[tuple[str, int]]) -> bytes:
    """Return an LbEndpoint, marked if its address is bad; health_status is field 2."""
    if address_of(Fields(endpoint).message(1).message(1)) not in bad:
        return endpoint
    fields = [(key, value) for key, value in scan(endpoint) if key != 2]
    rest = [put(key, value) for key, value in fields if not isinstance(value, int)]
    return b"".join([*rest, put_number(2, Health.UNHEALTHY)])
