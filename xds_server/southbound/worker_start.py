"""The settings of the xDS server as a worker is told them: numbers and PEM, no paths."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from xds_server.protocols.workers.commands import Start
from xds_server.protocols.xds.ads import Limits
from xds_server.protocols.xds.bucket import Rate
from xds_server.southbound.grpc_ads import AdsSettings, Tls
from xds_server.southbound.grpc_terms import Terms

_NUMBERS = ("max_message", "max_streams", "keepalive")


def start_of(settings: AdsSettings, port: int, offset: float) -> Start:
    """Return what makes a worker serve so at this port; ``offset``: our clock minus monotonic."""
    tls = settings.tls
    found = (b"", b"", b"") if tls is None else (tls.certificate, tls.key, tls.client_ca or b"")
    certificate, key, ca = (pem.decode("latin-1") for pem in found)
    numbers = {name: getattr(settings, name) for name in _NUMBERS}
    numbers |= {"limits": asdict(settings.limits), "terms": asdict(settings.terms)}
    return Start(settings.host, port, offset, certificate, key, ca, numbers)


def settings_of(start: Start) -> AdsSettings:
    """Return the settings for a server that shares its port with other workers."""
    numbers: dict[str, Any] = dict(start.numbers)
    limits, terms = numbers.pop("limits", {}), numbers.pop("terms", {})
    rates: dict[str, Any] = {
        name: Rate(**one) if isinstance(one, dict) else one for name, one in terms.items()
    }
    return AdsSettings(
        start.host,
        start.port,
        tls=_tls(start),
        shared=True,
        limits=Limits(**limits),
        terms=Terms(**rates),
        **numbers,
    )


def _tls(start: Start) -> Tls | None:
    if not start.certificate:
        return None
    certificate, key, ca = (
        pem.encode("latin-1") for pem in (start.certificate, start.key, start.client_ca)
    )
    return Tls(certificate, key, ca or None)
