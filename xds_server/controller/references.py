"""Who refers to whom among a proxy's resources, read from their bytes; Envoy does not check it.

Envoy accepts a route to an unknown cluster, and answers its requests with 503. Only references to
what is served here count: those that a configuration source of its own fetches elsewhere do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from translators.diagnostics import Diagnostic, report
from xds_server.protocols.xds.protobuf import MalformedError, scan
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE, VIRTUAL_HOST
from xds_server.snapshots.model import Resource, Snapshot, keeps_names

Reference = tuple[str, str]  # type URL and name
_FILTERS = "type.googleapis.com/envoy.extensions.filters.network."
_HTTP = _FILTERS + "http_connection_manager.v3.HttpConnectionManager"
_TCP = _FILTERS + "tcp_proxy.v3.TcpProxy"
_EDS = 3  # envoy.config.cluster.v3.Cluster.DiscoveryType
_EMPTY = Snapshot({})
_BOOTSTRAP = frozenset({"xds"})  # clusters that our bootstraps have


def dangling(snapshot: Snapshot, sound: Snapshot = _EMPTY) -> Iterator[tuple[Resource, Reference]]:
    """Yield every resource that refers to one which the snapshot does not have.

    ``sound`` is a snapshot in which every reference leads somewhere: where no name of it is gone,
    what both have need not be looked at.
    """
    if not keeps_names(sound, snapshot):
        sound = _EMPTY
    for kind, named in snapshot.resources.items():
        known = sound.of(kind)
        if named is known or kind not in REFERRING:
            continue
        for resource in named.values():
            if known.get(resource.name) is resource:
                continue
            for url, name in references(resource.type_url, resource.body):
                if name not in snapshot.of(url) and not (url == CLUSTER and name in _BOOTSTRAP):
                    yield resource, (url, name)


def reference_findings(
    proxies: Mapping[str, Snapshot], sound: Mapping[str, Snapshot] = MappingProxyType({})
) -> tuple[Diagnostic, ...]:
    """Return an error for each reference of a proxy's resources that leads nowhere, sorted.

    ``sound`` are snapshots of the same proxies that were without error.
    """
    found = set()
    seen: dict[tuple[int, int], list[tuple[Resource, Reference]]] = {}  # hosts share snapshots
    for host, snapshot in sorted(proxies.items()):
        before = sound.get(host, _EMPTY)
        key = (id(snapshot), id(before))
        if key not in seen:
            seen[key] = list(dangling(snapshot, before))
        for resource, (url, name) in seen[key]:
            file, line = place_of(resource.origin)
            message = f"{shown(resource.type_url, resource.name)} refers to {shown(url, name)}"
            found.add(report("FS6007", file, line, f"{message}, which {host} does not have"))
    return tuple(sorted(found))


def shown(url: str, name: str) -> str:
    """Return a resource as messages call it, such as ``Cluster shop/web:80/ipv4``."""
    return f"{url.rpartition('.')[2]} {name}"


def place_of(origin: str) -> tuple[str, int]:
    """Return file and line of an origin; of a patched resource those of the last patch."""
    last = origin.rpartition(", patched by ")[2]
    file, _, line = last.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (last or "?", 1)


@lru_cache(maxsize=16384)
def references(type_url: str, body: bytes) -> tuple[Reference, ...]:
    """Return what an encoded resource refers to, sorted; none where the bytes are malformed.

    Field numbers: listener.proto, route.proto, route_components.proto, cluster.proto,
    http_connection_manager.proto and tcp_proxy.proto of Envoy's v3 API.
    """
    if type_url not in REFERRING:
        return ()
    try:
        return tuple(sorted(set(REFERRING[type_url](body))))
    except MalformedError:
        return ()  # the proxy's own refusal says what is wrong with them


def _at(data: bytes, *path: int) -> Iterator[bytes]:
    """Yield every length-delimited field at a path of field numbers."""
    for number, value in scan(data):
        if number == path[0] and isinstance(value, bytes):
            if len(path) == 1:
                yield value
            else:
                yield from _at(value, *path[1:])


def _texts(data: bytes, *path: int) -> Iterator[str]:
    for value in _at(data, *path):
        if value:
            yield value.decode(errors="replace")


def _served(source: bytes) -> bool:
    """Whether a ConfigSource means this server: ads = 3 or self = 5."""
    return any(number in (3, 5) for number, _ in scan(source))


def _listener(body: bytes) -> Iterator[Reference]:
    packed = [*_at(body, 3, 3, 4), *_at(body, 25, 3, 4), *_at(body, 19, 1)]
    for one in packed:
        url = next(_texts(one, 1), "")
        for value in _at(one, 2):
            if url == _HTTP:
                yield from _http(value)
            elif url == _TCP:
                yield from _clusters(value, (2,), (10, 1, 1))


def _http(manager: bytes) -> Iterator[Reference]:
    for rds in _at(manager, 3):
        if any(_served(source) for source in _at(rds, 1)):
            yield from ((ROUTE, name) for name in _texts(rds, 2))
    for routes in _at(manager, 4):
        yield from _routes(routes)


def _routes(body: bytes) -> Iterator[Reference]:
    for host in _at(body, 2):
        yield from _virtual_host(host)
    yield from _clusters(body, (13, 1))  # request_mirror_policies


def _virtual_host(body: bytes) -> Iterator[Reference]:
    yield from _clusters(body, (22, 1))  # request_mirror_policies
    for action in _at(body, 3, 2):
        yield from _clusters(action, (1,), (3, 1, 1), (30, 1))


def _clusters(data: bytes, *paths: tuple[int, ...]) -> Iterator[Reference]:
    for path in paths:
        yield from ((CLUSTER, name) for name in _texts(data, *path))


def _cluster(body: bytes) -> Iterator[Reference]:
    kinds = [value for number, value in scan(body) if number == 2]
    if kinds[-1:] != [_EDS]:
        return
    for config in _at(body, 3):
        if any(_served(source) for source in _at(config, 1)):
            yield ENDPOINT, next(_texts(config, 2), "") or next(_texts(body, 1), "")


# How to read the references of those types that have any.
REFERRING = {LISTENER: _listener, ROUTE: _routes, VIRTUAL_HOST: _virtual_host, CLUSTER: _cluster}
