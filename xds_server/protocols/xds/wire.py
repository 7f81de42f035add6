"""The four discovery messages on raw bytes: requests are scanned, responses are written.

Field numbers are those of envoy/service/discovery/v3/discovery.proto and
envoy/config/core/v3/base.proto. Envoy's Node is up to 61 KB: it stays bytes until someone asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from xds_server.protocols.xds.initial import INITIAL, NO_INITIAL, Initial, scan_initial
from xds_server.protocols.xds.protobuf import (
    LENGTH,
    message,
    number,
    opening,
    put,
    put_number,
    put_text,
    run,
    scan,
    text,
    until,
)
from xds_server.snapshots.model import Resource, content_version

NOT_FOUND, UNIMPLEMENTED = 5, 12  # google.rpc.Code
_EXTENSIONS = 9  # in Node
_NAMES = 3  # resource_names in DiscoveryRequest
_WRAPPER = "type.googleapis.com/envoy.service.discovery.v3.Resource"
_MOST_SHARED = 32  # encoded contents that are kept for the streams still to be sent them

_Resources = tuple[Resource, ...]
_Encode = Callable[[_Resources], bytes]
_rests: deque[tuple[bytes, dict[int, str], bytes]] = deque(maxlen=16)  # of nodes, by build
_recent: dict[tuple[_Encode, str, str], tuple[_Resources, bytes]] = {}


@dataclass(frozen=True, slots=True)
class Node:
    """Who a client says it is; ``digest`` identifies the whole Node message."""

    id: str
    cluster: str = ""
    agent: str = ""
    agent_version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ResourceError:
    """Why a name that a client asked for cannot be served; ``code`` is a google.rpc.Code."""

    code: int
    why: str


def not_served(type_url: str, names: Iterable[str]) -> dict[str, ResourceError]:
    """Return why none of these names can be served: nothing of their type is."""
    why = f"type {type_url} is not served here; ask for it elsewhere"
    return dict.fromkeys(names, ResourceError(UNIMPLEMENTED, why))


@dataclass(frozen=True, slots=True)
class SotwRequest:
    """A DiscoveryRequest; ``error`` is None unless it carries an error_detail (a NACK)."""

    type_url: str
    names: tuple[str, ...] = ()
    version: str = ""
    nonce: str = ""
    error: str | None = None
    node: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeltaRequest:
    """A DeltaDiscoveryRequest; ``error`` is None unless it carries an error_detail (a NACK)."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    error: str | None = None
    node: bytes | None = field(default=None, repr=False)


def scan_sotw(data: bytes) -> SotwRequest:
    """Return the DiscoveryRequest in these bytes; raise MalformedError if there is none."""
    cut = until(data, _NAMES)
    listed, length = run(data[cut:], _NAMES << 3 | LENGTH)
    names = list(map(text, listed))
    texts = {1: "", 4: "", 5: ""}
    node, error = None, None
    for key, value in (*scan(data, cut), *scan(data[cut + length :])):
        if key in texts:
            texts[key] = text(value)
        elif key == 2:
            node = message(value)
        elif key == _NAMES:
            names.append(text(value))
        elif key == 6:
            error = _status(message(value))
        elif key == 7:
            names.append(_locator(message(value)))
    return SotwRequest(texts[4], tuple(names), texts[1], texts[5], error, node)


def scan_delta(
    data: bytes, read_initial: Callable[[bytes], Initial] = scan_initial
) -> DeltaRequest:
    """Return the DeltaDiscoveryRequest in these bytes; raise MalformedError if there is none.

    ``read_initial`` reads what begins with the initial_resource_versions, as ``scan_initial`` does.
    """
    cut = until(data, INITIAL)
    kept = read_initial(data[cut:]) if cut < len(data) else NO_INITIAL
    texts = {2: "", 6: ""}
    lists: dict[int, list[str]] = {3: [], 4: []}
    node, error = None, None
    for key, value in (*scan(data, cut), *kept.others):
        if key in texts:
            texts[key] = text(value)
        elif key in lists:
            lists[key].append(text(value))
        elif key in (8, 9):
            lists[key - 5].append(_locator(message(value)))
        elif key == 1:
            node = message(value)
        elif key == 7:
            error = _status(message(value))
    names = tuple(lists[3]), tuple(lists[4])
    return DeltaRequest(texts[2], *names, kept.versions, texts[6], error, node)


def scan_node(data: bytes) -> Node:
    """Return the fields of a Node that matter to us; raise MalformedError if it is not one.

    What follows the fields of its own is equal in all proxies of one build: a thousand extensions.
    """
    cut = until(data, _EXTENSIONS)
    more, digest = _node_rest(data, cut)
    texts = _node_texts(data[:cut]) | more
    name, cluster, agent, build = (texts.get(field, "") for field in (1, 2, 6, 7))
    return Node(name, cluster, agent, build, content_version(data[:cut], digest))


def _node_rest(data: bytes, cut: int) -> tuple[dict[int, str], bytes]:
    """Return the texts behind ``cut``, and a digest: to compare 60 KB costs less than a hash."""
    for rest, texts, digest in _rests:
        if len(rest) == len(data) - cut and data.endswith(rest):
            return texts, digest
    rest = data[cut:]
    _rests.append((rest, _node_texts(rest), content_version(rest).encode()))
    return _rests[-1][1:]


def _node_texts(data: bytes) -> dict[int, str]:
    texts: dict[int, str] = {}
    for key, value in scan(data):
        if key in (1, 2, 6, 7):
            texts[key] = text(value)
        elif key == 8:  # user_agent_build_version, the other arm of the oneof
            texts[7] = _build_version(message(value))
    return texts


def _build_version(data: bytes) -> str:
    for key, value in scan(data):
        if key == 1:
            parts = {1: 0, 2: 0, 3: 0}
            parts.update((k, number(v)) for k, v in scan(message(value)) if k in parts)
            return ".".join(str(part) for part in parts.values())
    return ""


def _status(data: bytes) -> str:
    detail = ""
    for key, value in scan(data):
        if key == 2:
            detail = text(value)
    return detail


def _locator(data: bytes) -> str:
    name = ""
    for key, value in scan(data):
        if key == 1:
            name = text(value)
    return name


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
