"""Who a TLS client is: the node ids that its certificate lets it speak for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SCHEME = "spiffe://"
_PROXY_PATH = "proxy/"


def nodes_of(auth: Mapping[str, Iterable[bytes]]) -> frozenset[str]:
    """Return the node ids that a verified certificate binds.

    ``auth`` is gRPC's auth context. A SPIFFE URI (SPIFFE-ID, section 2) decides alone: the node id
    is the URI itself, or NODE where the URI is spiffe://TRUST-DOMAIN/proxy/NODE. Without one it
    is the certificate's DNS names and common name. Without a certificate it is none.
    """
    names = {_text(value) for value in auth.get("x509_subject_alternative_name", ())}
    names |= {_text(value) for value in auth.get("peer_spiffe_id", ())}
    spiffe = {name for name in names if name.startswith(_SCHEME)}
    if spiffe:
        return frozenset(node for uri in spiffe for node in _nodes_of_uri(uri))
    common = {_text(value) for value in auth.get("x509_common_name", ())}
    return frozenset(name for name in names | common if name and "://" not in name)


def _nodes_of_uri(uri: str) -> tuple[str, ...]:
    path = uri[len(_SCHEME) :].partition("/")[2]
    node = path[len(_PROXY_PATH) :] if path.startswith(_PROXY_PATH) else ""
    return (uri, node) if node else (uri,)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
