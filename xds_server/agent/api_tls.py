"""TLS towards the REST API: whom a client trusts, and how it proves who it is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


class ApiTlsError(Exception):
    """A file of certificates or keys cannot be used; the message is one sentence with the mend."""


@dataclass(frozen=True, slots=True)
class ApiTls:
    """PEM files: authorities of the server, and the client's own certificate and key.

    Without ``ca`` the system's authorities count; the certificate is for servers that demand one.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def verify(self) -> ssl.SSLContext | bool:
        """Return what httpx takes as ``verify``; raises ApiTlsError for useless files."""
        return self.context() or True

    def context(self) -> ssl.SSLContext | None:
        """Return what is to be trusted and shown, None for the system's own choice.

        Raises ApiTlsError for useless files.
        """
        if (self.certificate is None) != (self.key is None):
            raise ApiTlsError("--cert-file and --key-file belong together, give both or neither")
        if self.ca is None and self.certificate is None:
            return None
        context = self._trust()
        if self.certificate is not None:
            self._prove(context)
        return context

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise ApiTlsError(
                f"cannot use the CA file {self.ca}: {error}, give a PEM file"
            ) from error

    def _prove(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self.certificate or "", self.key)
        except (OSError, ssl.SSLError) as error:
            files = f"{self.certificate} and key {self.key}"
            raise ApiTlsError(
                f"cannot use the certificate {files}: {error}, give PEM files that belong together"
            ) from error


SYSTEM = ApiTls()
"""The system's authorities, and no certificate of one's own."""
