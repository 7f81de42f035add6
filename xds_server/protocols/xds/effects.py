"""What a stream asks its shell to do: send bytes, or end the stream with a status."""

from __future__ import annotations

from dataclasses import dataclass, field

from xds_server.snapshots.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Send:
    """Write one response; ``names`` are the resources in it, for tests and logs.

    ``data`` is one object for all streams that are sent the same: waiting costs no memory.
    """

    data: bytes = field(repr=False)
    type_url: str
    nonce: str
    names: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """End the stream with this gRPC status, named as in grpc.StatusCode."""

    status: str
    message: str


Effect = Send | Close | Evidence
