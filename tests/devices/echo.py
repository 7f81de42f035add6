"""Servers that answer with what they were asked: listeners of the same Envoy, for any address."""

from __future__ import annotations

import json

from envoy_data_plane.envoy.config.core.v3 import SubstitutionFormatString
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    Route,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    LocalReplyConfig,
)

from translators.envoy.encode import encode, pack
from translators.envoy.endpoints import socket_address
from translators.envoy.filters.router import router
from translators.envoy.provenance import text_struct
from translators.envoy.resources import LISTENER, EncodedResource
from translators.plan.model import Plan

_SEEN = {
    "endpoint": "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
    "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    "path": "%REQ(:PATH)%",
    "authority": "%REQ(:AUTHORITY)%",
    "forwarded": "%REQ(X-FORWARDED-FOR)%",
    "protocol": "%PROTOCOL%",
}


def echo_servers(plan: Plan) -> tuple[EncodedResource, ...]:
    """Return listeners on every target port of the plan, at every address of both families."""
    ports = sorted({port.target for service in plan.services for port in service.ports})
    return tuple(echo_server(port, address) for port in ports for address in ("0.0.0.0", "::"))


def echo_server(port: int, address: str) -> EncodedResource:
    name = f"echo/{address}/{port}"
    form = SubstitutionFormatString(json_format=text_struct(_SEEN))
    answer = DirectResponseAction(status=200)
    route = Route(match=RouteMatch(prefix="/"), direct_response=answer)
    routes = RouteConfiguration(
        virtual_hosts=[VirtualHost(name="any", domains=["*"], routes=[route])]
    )
    http = HttpConnectionManager(
        stat_prefix="echo",
        route_config=routes,
        http_filters=[router()],
        use_remote_address=False,
        local_reply_config=LocalReplyConfig(body_format=form),  # older than the answer's own
    )
    chain = FilterChain(filters=[Filter(name="http", typed_config=pack(http))])
    listener = Listener(name=name, address=socket_address(address, port), filter_chains=[chain])
    return EncodedResource(LISTENER, name, encode(listener), "")


def seen(body: str) -> dict[str, str | None]:
    """Return what the server saw of a request."""
    return dict(json.loads(body))
