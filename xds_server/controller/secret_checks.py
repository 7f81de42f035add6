"""What must be true of a secret before it is served: its form, its key, its term.

No message here ever shows what a file holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from translators.diagnostics import Diagnostic, report
from translators.envoy import secret
from xds_server.snapshots.model import Resource

CHAIN, KEY, AUTHORITIES, GENERIC = "tls.crt", "tls.key", "ca.crt", "generic"
FILES = (CHAIN, KEY, AUTHORITIES, GENERIC)
SOON_SECONDS = 14 * 86400.0


class SecretKind(StrEnum):
    """What a proxy can do with a secret."""

    CERTIFICATE = "certificate"
    AUTHORITIES = "authorities"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """One secret's folder as it was read; ``path`` is what messages show."""

    owner: str
    name: str
    path: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that may be served, and what may be shown of it."""

    owner: str
    kind: SecretKind
    path: str
    resource: Resource = field(repr=False)
    fingerprint: str = ""  # SHA-256 of the certificate in hex; plain bytes could be guessed by one
    expires: float | None = None  # seconds since the epoch; the first of all certificates
    begins: float = 0.0

    @property
    def name(self) -> str:
        """The name that its owner asks for it by."""
        return self.resource.name

    def warning(self, now: float) -> Diagnostic | None:
        """Return the finding that a certificate's term is over, nearly over, or not begun."""
        if self.expires is None:
            return None
        if now < self.begins:
            what = "is not valid yet"
        elif now >= self.expires:
            what = "has expired"
        elif now >= self.expires - SOON_SECONDS:
            what = f"expires in {(self.expires - now) / 86400:.1f} days"
        else:
            return None
        return report("FS6013", self.path, 1, f"the certificate of {self.owner}/{self.name} {what}")


class SecretError(Exception):
    """Why a secret cannot be served, and the mend; never what it holds."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def secrets_of(found: SecretFiles, key: bytes) -> tuple[Secret, ...]:
    """Return the secrets of a folder: what it is named after, and NAME-cacert for a ca.crt beside
    a certificate. ``key`` makes versions, so that nobody can guess a secret by its version.

    Raises SecretError.
    """
    files = found.files
    if CHAIN in files or KEY in files:
        made = [_certificate(found, key)]
        if AUTHORITIES in files:
            made.append(_authorities(found, f"{found.name}-cacert", key))
        return tuple(made)
    if AUTHORITIES in files:
        return (_authorities(found, found.name, key),)
    if not files.get(GENERIC):
        known = f"{CHAIN} with {KEY}, {AUTHORITIES}, or {GENERIC}"
        raise SecretError("the folder holds no secret", f"put {known} into it")
    body = secret.generic(found.name, files[GENERIC])
    return (Secret(found.owner, SecretKind.GENERIC, found.path, _resource(found.name, body, key)),)


def _certificate(found: SecretFiles, key: bytes) -> Secret:
    if CHAIN not in found.files or KEY not in found.files:
        missing = KEY if CHAIN in found.files else CHAIN
        raise SecretError(f"{missing} is missing", "put both files into the folder")
    chain = _parsed(found.files[CHAIN], CHAIN)
    if _public(found.files[KEY]) != _spki(chain[0].public_key()):
        mend = "write the two files of one issue, the key's own certificate first"
        raise SecretError(f"{KEY} is not the key of the first certificate of {CHAIN}", mend)
    body = secret.certificate(found.name, found.files[CHAIN], found.files[KEY])
    return _dated(found, SecretKind.CERTIFICATE, _resource(found.name, body, key), chain)


def _authorities(found: SecretFiles, name: str, key: bytes) -> Secret:
    bundle = _parsed(found.files[AUTHORITIES], AUTHORITIES)
    body = secret.authorities(name, found.files[AUTHORITIES])
    return _dated(found, SecretKind.AUTHORITIES, _resource(name, body, key), bundle)


def _dated(
    found: SecretFiles, kind: SecretKind, resource: Resource, chain: list[x509.Certificate]
) -> Secret:
    fingerprint = chain[0].fingerprint(SHA256()).hex()
    expires = min(one.not_valid_after_utc for one in chain).timestamp()
    begins = max(one.not_valid_before_utc for one in chain).timestamp()
    return Secret(found.owner, kind, found.path, resource, fingerprint, expires, begins)


def _resource(name: str, body: bytes, key: bytes) -> Resource:
    version = hashlib.blake2b(body, digest_size=16, key=key).hexdigest()
    return Resource(secret.SECRET, name, body, version)


def _parsed(data: bytes, file: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        mend = "write PEM, beginning with -----BEGIN CERTIFICATE-----"
        raise SecretError(f"{file} holds no certificates", mend) from error


def _public(data: bytes) -> bytes:
    """Return the public part of a private key."""
    try:
        return _spki(load_pem_private_key(data, password=None).public_key())
    except TypeError as error:
        raise SecretError(f"{KEY} is encrypted", "write it without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        mend = "write PEM, beginning with -----BEGIN PRIVATE KEY-----"
        raise SecretError(f"{KEY} holds no private key", mend) from error


def _spki(public: object) -> bytes:
    encoded: bytes = public.public_bytes(  # type: ignore[attr-defined]
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
