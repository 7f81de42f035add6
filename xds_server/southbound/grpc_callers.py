"""Who calls the services beside xDS, and for which nodes the caller may speak or ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from xds_server.protocols.xds.protobuf import MalformedError
from xds_server.southbound.grpc_identity import nodes_of

_OPERATOR = "operator/"  # spiffe://TRUST-DOMAIN/operator/NAME may ask about every node


@dataclass(frozen=True, slots=True)
class Callers:
    """The rule for callers: ``verified`` where clients must show certificates."""

    verified: bool = False

    def sees(self, context: Any) -> frozenset[str] | None:
        """Return the nodes that the caller may be told about; None for all."""
        names = self._names(context)
        if names is None or any(_is_operator(name) for name in names):
            return None
        return names

    async def check_speaker(self, context: Any, node: str) -> None:
        """End the call unless the caller may speak for this node, which must have an id."""
        if not node:
            text = "the first message names no node: set node.id in the client's bootstrap"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
        names = self._names(context)
        if names is not None and node not in names:
            text = f"node {node!r} is not what its certificate says: issue one for this node id"
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, text)

    async def check_operator(self, context: Any) -> None:
        """End the call unless the caller may ask about the server itself."""
        names = self._names(context)
        if names is not None and not any(_is_operator(name) for name in names):
            text = "this service is for operators: use a certificate of spiffe://.../operator/NAME"
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, text)

    def _names(self, context: Any) -> frozenset[str] | None:
        if not self.verified or context.peer().startswith("unix:"):
            return None
        return nodes_of(context.auth_context())


def _is_operator(name: str) -> bool:
    return name.startswith("spiffe://") and name[9:].partition("/")[2].startswith(_OPERATOR)


async def refuse(context: Any, error: MalformedError) -> None:
    """End a call whose message cannot be read."""
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the message is malformed: {error}")
