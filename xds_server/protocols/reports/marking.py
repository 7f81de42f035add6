"""What checks found, written into the endpoints that clients are sent.

Health is evidence, not intent: a snapshot compiled from policy never holds it. It is laid over the
snapshot's bytes when they are published, so that equal findings over equal content are equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from xds_server.protocols.reports.fields import Fields, address_of
from xds_server.protocols.reports.health import Checked, Health
from xds_server.protocols.xds.protobuf import MalformedError, message, put, put_number, scan
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource, Snapshot


def marked(snapshot: Snapshot, unhealthy: frozenset[Checked]) -> Snapshot:
    """Return the snapshot with these endpoints' health_status UNHEALTHY; itself if it has none.

    The version of marked endpoints is a hash of their content, though one was given without marks.
    """
    bad, own = _by_cluster(unhealthy), snapshot.of(ENDPOINT)
    changed = {name: _marked(own[name], bad[name]) for name in bad.keys() & own.keys()}
    if all(resource.version == own[name].version for name, resource in changed.items()):
        return snapshot
    given = {url: version for url, version in snapshot.given.items() if url != ENDPOINT}
    digests = {url: digest for url, digest in snapshot.digests.items() if url != ENDPOINT}
    marks = dict(sorted({**own, **changed}.items()))
    resources = {**snapshot.resources, ENDPOINT: marks}
    return replace(snapshot, resources=resources, given=given, digests=digests)


@lru_cache(maxsize=8)
def _by_cluster(unhealthy: frozenset[Checked]) -> Mapping[str, frozenset[tuple[str, int]]]:
    bad: dict[str, set[tuple[str, int]]] = {}
    for each in unhealthy:
        bad.setdefault(each.cluster, set()).add((each.address, each.port))
    return {cluster: frozenset(found) for cluster, found in bad.items()}


@lru_cache(maxsize=1024)  # proxies share resources, and so their marked forms
def _marked(resource: Resource, bad: frozenset[tuple[str, int]]) -> Resource:
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


def _one(endpoint: bytes, bad: frozenset[tuple[str, int]]) -> bytes:
    """Return an LbEndpoint, marked if its address is bad; health_status is field 2."""
    if address_of(Fields(endpoint).message(1).message(1)) not in bad:
        return endpoint
    fields = [(key, value) for key, value in scan(endpoint) if key != 2]
    rest = [put(key, value) for key, value in fields if not isinstance(value, int)]
    return b"".join([*rest, put_number(2, Health.UNHEALTHY)])
