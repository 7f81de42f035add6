"""Discovery responses, written as raw bytes around resources that are bytes already.

Field numbers are those of envoy/service/discovery/v3/discovery.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from xds_server.protocols.xds.protobuf import opening, put, put_number, put_text
from xds_server.snapshots.model import Resource

NOT_FOUND, UNIMPLEMENTED = 5, 12  # google.rpc.Code
_WRAPPER = "type.googleapis.com/envoy.service.discovery.v3.Resource"
_MOST_SHARED = 32  # encoded contents that are kept for the streams still to be sent them

_Resources = tuple[Resource, ...]
_Encode = Callable[[_Resources], bytes]
_recent: dict[tuple[_Encode, str, str], tuple[_Resources, bytes]] = {}


@dataclass(frozen=True, slots=True)
class ResourceError:
    """Why a name that a client asked for cannot be served; ``code`` is a google.rpc.Code."""

    code: int
    why: str


def not_served(type_url: str, names: Iterable[str]) -> dict[str, ResourceError]:
    """Return why none of these names can be served: nothing of their type is."""
    why = f"type {type_url} is not served here; ask for it elsewhere"
    return dict.fromkeys(names, ResourceError(UNIMPLEMENTED, why))


def encode_sotw(
    type_url: str,
    version: str,
    nonce: str,
    resources: Iterable[Resource],
    errors: Mapping[str, ResourceError] | None = None,
) -> bytes:
    """Return a DiscoveryResponse; ``errors`` maps names to why they cannot be served."""
    parts = [put_text(1, version), _shared(_sotw_fields, type_url, version, tuple(resources))]
    parts += [put_text(4, type_url), put_text(5, nonce)]
    parts += [put(7, _resource_error(name, why)) for name, why in sorted((errors or {}).items())]
    return b"".join(parts)


def encode_delta(
    type_url: str,
    version: str,
    nonce: str,
    resources: Iterable[Resource],
    removed: Iterable[str],
    errors: Mapping[str, ResourceError] | None = None,
) -> bytes:
    """Return a DeltaDiscoveryResponse; ``version`` is for people, resources carry their own."""
    parts = [put_text(1, version), _shared(_delta_fields, type_url, version, tuple(resources))]
    parts += [put_text(4, type_url), put_text(5, nonce)]
    parts += [put(6, name.encode()) for name in removed]
    parts += [put(9, _resource_error(name, why)) for name, why in sorted((errors or {}).items())]
    return b"".join(parts)


def _shared(encode: _Encode, type_url: str, version: str, resources: _Resources) -> bytes:
    """Return ``encode(resources)``, made once for all streams that are sent the same.

    The key only says where to look: what is found there counts if it is of equal resources, which
    takes microseconds as long as they are the same objects.
    """
    key = (encode, type_url, version)
    found = _recent.get(key)
    if found is not None and found[0] == resources:
        return found[1]
    while len(_recent) >= _MOST_SHARED:
        del _recent[next(iter(_recent))]
    made = encode(resources)
    _recent[key] = (resources, made)
    return made


def _sotw_fields(resources: _Resources) -> bytes:
    return b"".join(put(2, _mortal(one)) if one.ttl else _packed(one) for one in resources)


def _delta_fields(resources: _Resources) -> bytes:
    return b"".join(put(2, _delta_resource(resource)) for resource in resources)


def encode_heartbeat(type_url: str, version: str, resources: Iterable[Resource]) -> bytes:
    """Return a DeltaDiscoveryResponse without nonce that only says: these are still valid.

    Source: "xDS REST and gRPC protocol", section "TTL": the resource itself is left out.
    """
    beats = [put(2, _wrapped(resource, b"")) for resource in resources]
    return b"".join([put_text(1, version), *beats, put_text(4, type_url)])


def _packed(resource: Resource) -> bytes:
    """Return a resource as an Any, which is field 2 of whatever holds it."""
    return _head(resource.type_url, len(resource.body)) + resource.body


@lru_cache(maxsize=8192)
def _head(type_url: str, size: int) -> bytes:
    """Return what stands before a body of so many bytes."""
    head = put_text(1, type_url) + opening(2, size)
    return opening(2, len(head) + size) + head


def _mortal(resource: Resource) -> bytes:
    """Return the Any of a resource with a time to live: a wrapper that can say so."""
    return put_text(1, _WRAPPER) + put(2, _wrapped(resource, _packed(resource)))


def _delta_resource(resource: Resource) -> bytes:
    unresolved = resource.aliases and not resource.body  # see delta.unresolved
    return _wrapped(resource, b"" if unresolved else _packed(resource))


def _wrapped(resource: Resource, body: bytes) -> bytes:
    """Return an envoy.service.discovery.v3.Resource around this field."""
    parts = [put_text(1, resource.version), body, put_text(3, resource.name)]
    parts += [put_text(4, alias) for alias in resource.aliases]
    return b"".join(parts) + _ttl(resource)


def _ttl(resource: Resource) -> bytes:
    """Return Resource.ttl, a google.protobuf.Duration."""
    if not resource.ttl:
        return b""
    seconds, nanos = divmod(round(resource.ttl * 1_000_000_000), 1_000_000_000)
    return put(6, put_number(1, seconds) + put_number(2, nanos))


def _resource_error(name: str, error: ResourceError) -> bytes:
    status = put_number(1, error.code) + put_text(2, error.why)
    return put(1, put_text(1, name)) + put(2, status)
