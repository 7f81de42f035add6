"""Read the server's responses, and write small resources whose meaning tests can check."""

from __future__ import annotations

from dataclasses import dataclass

from xds_server.protocols.xds.ads import Dialect
from xds_server.protocols.xds.protobuf import message, number, put, put_number, put_text, scan, text
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT, LISTENER, ROUTE
from xds_server.snapshots.model import Resource

_REFERENCE, _VARIANT = 1000, 1001  # field numbers that no xDS message uses
BAD = 9  # the variant that clients in tests reject


@dataclass(frozen=True)
class Response:
    type_url: str
    version: str
    nonce: str
    bodies: dict[str, bytes]  # by name; state-of-the-world names come out of the bodies
    versions: dict[str, str]
    removed: tuple[str, ...]
    errors: tuple[str, ...]
    bodyless: tuple[str, ...] = ()  # names that stand for nothing, and heartbeats


def read(data: bytes, dialect: Dialect) -> Response:
    delta = dialect is Dialect.DELTA
    texts = {1: "", 4: "", 5: ""}
    bodies: dict[str, bytes] = {}
    versions: dict[str, str] = {}
    removed, errors, bodyless = [], [], []
    for key, value in scan(data):
        if key in texts:
            texts[key] = text(value)
        elif key == 2 and (delta or _is_wrapper(message(value))):
            wrapped = message(value) if delta else _any_body(message(value))
            fields = dict(scan(wrapped))
            name = text(fields.get(3, b""))
            versions[name] = text(fields.get(1, b""))
            if 2 in fields:
                bodies[name] = _any_body(message(fields[2]))
            else:
                bodyless.append(name)
        elif key == 2:
            body = _any_body(message(value))
            bodies[text(dict(scan(body))[1])] = body
        elif key == 6 and delta:
            removed.append(text(value))
        elif key in (7, 9):
            errors.append(text(dict(scan(message(dict(scan(message(value)))[2])))[2]))
    lists = (tuple(removed), tuple(errors), tuple(bodyless))
    return Response(texts[4], texts[1], texts[5], bodies, versions, *lists)


def _is_wrapper(data: bytes) -> bool:
    return text(dict(scan(data))[1]).endswith("service.discovery.v3.Resource")


def _any_body(data: bytes) -> bytes:
    return message(dict(scan(data)).get(2, b""))


def cluster(name: str, variant: int = 0, *, eds: bool = True) -> Resource:
    body = put_text(1, name) + put_number(2, 3 if eds else 0) + put_number(_VARIANT, variant)
    return Resource(CLUSTER, name, body, origin=f"shop.yaml:{len(name)}")


def endpoints(name: str, variant: int = 1) -> Resource:
    return Resource(ENDPOINT, name, put_text(1, name) + put_number(_VARIANT, variant))


def listener(name: str, variant: int = 0) -> Resource:
    return Resource(LISTENER, name, put_text(1, name) + put_number(_VARIANT, variant))


def route(name: str, to: str, variant: int = 0) -> Resource:
    body = put_text(1, name) + put_text(_REFERENCE, to) + put_number(_VARIANT, variant)
    return Resource(ROUTE, name, body)


def reference(body: bytes) -> str:
    return text(dict(scan(body))[_REFERENCE])


def variant(body: bytes) -> int:
    return number(dict(scan(body)).get(_VARIANT, 0))


def uses_eds(body: bytes) -> bool:
    return dict(scan(body)).get(2) == 3


NODE = put_text(1, "web-1") + put_text(6, "tester") + put_text(7, "1")


def sotw_request(
    type_url: str,
    names: tuple[str, ...] = (),
    version: str = "",
    nonce: str = "",
    error: str | None = None,
    node: bytes = NODE,
) -> bytes:
    parts = [put_text(1, version), put(2, node)]
    parts += [put(3, name.encode()) for name in names]
    parts += [put_text(4, type_url), put_text(5, nonce)]
    return b"".join(parts) + _error(6, error)


def delta_request(
    type_url: str,
    subscribe: tuple[str, ...] = (),
    unsubscribe: tuple[str, ...] = (),
    initial: dict[str, str] | None = None,
    nonce: str = "",
    error: str | None = None,
    node: bytes = NODE,
) -> bytes:
    parts = [put(1, node), put_text(2, type_url)]
    parts += [put(3, name.encode()) for name in subscribe]
    parts += [put(4, name.encode()) for name in unsubscribe]
    parts += [put(5, put_text(1, n) + put_text(2, v)) for n, v in (initial or {}).items()]
    return b"".join([*parts, put_text(6, nonce)]) + _error(7, error)


def _error(key: int, error: str | None) -> bytes:
    return b"" if error is None else put(key, put_number(1, 13) + put_text(2, error))
