"""Secrets as Envoy takes them by SDS: a certificate with its key, authorities, or plain bytes."""

from __future__ import annotations

from envoy_data_plane.envoy.config.core.v3 import DataSource
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import (
    CertificateValidationContext,
    GenericSecret,
    Secret,
    TlsCertificate,
)

from translators.envoy.encode import encode, type_url

SECRET = type_url(Secret)


def certificate(name: str, chain: bytes, key: bytes) -> bytes:
    """Return an encoded secret with a certificate chain and its private key, both PEM."""
    held = TlsCertificate(certificate_chain=_inline(chain), private_key=_inline(key))
    return encode(Secret(name=name, tls_certificate=held))


def authorities(name: str, bundle: bytes) -> bytes:
    """Return an encoded secret with the authorities (PEM) that peers are checked against."""
    held = CertificateValidationContext(trusted_ca=_inline(bundle))
    return encode(Secret(name=name, validation_context=held))


def generic(name: str, value: bytes) -> bytes:
    """Return an encoded secret with bytes that a filter takes, such as a token."""
    return encode(Secret(name=name, generic_secret=GenericSecret(secret=_inline(value))))


def _inline(value: bytes) -> DataSource:
    return DataSource(inline_bytes=value)
