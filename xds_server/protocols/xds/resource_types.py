"""The xDS resource types: their URLs, their services, and the order in which they may change."""

from __future__ import annotations

PREFIX = "type.googleapis.com/"
LISTENER = PREFIX + "envoy.config.listener.v3.Listener"
ROUTE = PREFIX + "envoy.config.route.v3.RouteConfiguration"
SCOPED_ROUTE = PREFIX + "envoy.config.route.v3.ScopedRouteConfiguration"
VIRTUAL_HOST = PREFIX + "envoy.config.route.v3.VirtualHost"
CLUSTER = PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINT = PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
SECRET = PREFIX + "envoy.extensions.transport_sockets.tls.v3.Secret"
RUNTIME = PREFIX + "envoy.service.runtime.v3.Runtime"
EXTENSION = PREFIX + "envoy.config.core.v3.TypedExtensionConfig"


# The order of a make-before-break update: "xDS protocol", "Eventual consistency considerations".
SEND_ORDER = (
    SECRET,
    RUNTIME,
    EXTENSION,
    CLUSTER,
    ENDPOINT,
    LISTENER,
    SCOPED_ROUTE,
    ROUTE,
    VIRTUAL_HOST,
)
KNOWN_TYPES = frozenset(SEND_ORDER)
_RANKS = {url: number for number, url in enumerate(SEND_ORDER)}
# Whatever is referred to changes before what refers to it; other types, and those that we do not
# know, may change at any time.
BACKENDS = frozenset({CLUSTER, ENDPOINT})
ROUTINGS = frozenset({LISTENER, SCOPED_ROUTE, ROUTE, VIRTUAL_HOST})

# An empty first subscription means "everything" for these types alone. The specification grants
# it to listeners and clusters; Envoy asks for scoped routes and virtual hosts in the same way.
LEGACY_WILDCARD = frozenset({LISTENER, CLUSTER, SCOPED_ROUTE, VIRTUAL_HOST})


def rank(type_url: str) -> tuple[int, str]:
    """Return a sort key: the sending order, then types that we do not know by URL."""
    return (_RANKS.get(type_url, len(_RANKS)), type_url)


# gRPC service -> (type, method suffix): envoy/service/<package>/v3/*.proto
SERVICES = {
    "envoy.service.listener.v3.ListenerDiscoveryService": (LISTENER, "Listeners"),
    "envoy.service.route.v3.RouteDiscoveryService": (ROUTE, "Routes"),
    "envoy.service.route.v3.ScopedRoutesDiscoveryService": (SCOPED_ROUTE, "ScopedRoutes"),
    "envoy.service.route.v3.VirtualHostDiscoveryService": (VIRTUAL_HOST, "VirtualHosts"),
    "envoy.service.cluster.v3.ClusterDiscoveryService": (CLUSTER, "Clusters"),
    "envoy.service.endpoint.v3.EndpointDiscoveryService": (ENDPOINT, "Endpoints"),
    "envoy.service.secret.v3.SecretDiscoveryService": (SECRET, "Secrets"),
    "envoy.service.runtime.v3.RuntimeDiscoveryService": (RUNTIME, "Runtime"),
    "envoy.service.extension.v3.ExtensionConfigDiscoveryService": (EXTENSION, "ExtensionConfigs"),
}
AGGREGATED = "envoy.service.discovery.v3.AggregatedDiscoveryService"
