"""What a stream asks its shell to do: send bytes, or end the stream with a status."""

from __future__ import annotations

from dataclasses import dataclass, field

from xds_server.protocols.xds.protobuf import put_text
from xds_server.snapshots.evidence import Evidence

_NONCE = 5  # in DiscoveryResponse and DeltaDiscoveryResponse alike


@dataclass(frozen=True, slots=True)
class Send:
    """Write one response; ``names`` are the resources in it, for tests and logs.

    ``body`` is everything but the nonce, and one object for all streams that are sent the same.
    """

    body: bytes = field(repr=False)
    type_url: str
    nonce: str
    names: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """The response's bytes: made when they are written, so that waiting costs no memory."""
        return self.body + put_text(_NONCE, self.nonce)


@dataclass(frozen=True, slots=True)
class Close:
    """End the stream with this gRPC status, named as in grpc.StatusCode."""

    status: str
    message: str


Effect = Send | Close | Evidence
