"""The xDS port as the settings describe it: where it listens, and the terms of its streams."""

from __future__ import annotations

from xds_server.protocols.xds.ads import Limits
from xds_server.protocols.xds.bucket import Rate
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_ads import AdsSettings, Tls
from xds_server.southbound.grpc_terms import Terms
from xds_server.xds_settings import XdsSettings


def ads_settings(settings: ServerSettings) -> AdsSettings:
    """Return all that the xDS server is told; the TLS files are read here."""
    at = settings.listeners["xds"]
    return AdsSettings(
        at.host,
        at.port,
        "" if settings.xds_socket is None else str(settings.xds_socket.resolve()),
        tls=_tls(settings),
        max_message=settings.xds_max_message,
        max_streams=settings.xds_max_streams,
        keepalive=settings.xds_keepalive,
        limits=limits(settings),
        terms=terms(settings),
    )


def limits(settings: XdsSettings) -> Limits:
    """Return what one stream may cost."""
    return Limits(
        patience=settings.xds_patience,
        grace=settings.xds_grace,
        names=settings.xds_max_names,
        node=settings.xds_max_node,
        streams=settings.xds_max_node_streams,
    )


def terms(settings: XdsSettings) -> Terms:
    """Return how fast clients may ask, and how long they may stay and keep us waiting."""
    return Terms(
        requests=Rate(settings.xds_request_rate, settings.xds_request_burst),
        first=Rate(settings.xds_first_rate, settings.xds_first_burst),
        hello=settings.xds_hello,
        age=settings.xds_max_age,
        jitter=settings.xds_age_jitter,
        stall=settings.xds_stall,
    )


def _tls(settings: ServerSettings) -> Tls | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    ca = None if settings.tls_ca is None else settings.tls_ca.read_bytes()
    return Tls(settings.tls_cert.read_bytes(), settings.tls_key.read_bytes(), ca)
