"""gRPC server reflection, v1 and v1alpha: which services and methods this port answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc

from xds_server.protocols.reports.descriptors import SERVED, Catalogue, catalogue
from xds_server.protocols.reports.fields import Fields
from xds_server.protocols.xds.protobuf import MalformedError, put, put_number, put_text
from xds_server.southbound.grpc_callers import Callers, refuse

SERVICE_NAMES = tuple(
    f"grpc.reflection.{version}.ServerReflection" for version in ("v1", "v1alpha")
)
_METHODS = {f"/{name}/ServerReflectionInfo" for name in SERVICE_NAMES}
_NOT_FOUND, _UNIMPLEMENTED = 5, 12  # google.rpc.Code


class Reflection(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers operators from a catalogue that never changes; both versions have one message."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._catalogue = catalogue(SERVED)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method of this service, or None."""
        if handler_call_details.method in _METHODS:
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return None

    async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        await self._callers.check_operator(context)
        try:
            async for request in requests:
                yield answer(self._catalogue, request)
        except MalformedError as error:
            await refuse(context, error)


def answer(known: Catalogue, data: bytes) -> bytes:
    """Return the ServerReflectionResponse to a request (grpc/reflection/v1/reflection.proto)."""
    request = Fields(data)
    return put_text(1, request.text(1)) + put(2, data) + _told(known, request)


def _told(known: Catalogue, request: Fields) -> bytes:
    if 7 in request:  # list_services
        return put(6, b"".join(put(1, put_text(1, name)) for name in known.services))
    if 3 in request:  # file_by_filename
        return _file(known, request.text(3))
    if 4 in request:  # file_containing_symbol
        return _file(known, known.file_of.get(request.text(4), request.text(4)))
    return _error(_UNIMPLEMENTED, "ask for services, a file or a symbol: there are no extensions")


def _file(known: Catalogue, name: str) -> bytes:
    found = known.files.get(name)
    if found is None:
        return _error(_NOT_FOUND, f"nothing here is called {name}; list the services")
    return put(4, put(1, found))


def _error(code: int, text: str) -> bytes:
    return put(7, put_number(1, code) + put_text(2, text))
