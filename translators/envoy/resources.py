"""The xDS resources of one proxy, as typed messages and as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from betterproto2 import Message
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration

from translators.envoy.encode import type_url

LISTENER = type_url(Listener)
ROUTE = type_url(RouteConfiguration)
CLUSTER = type_url(Cluster)
ENDPOINT = type_url(ClusterLoadAssignment)


@dataclass(frozen=True, slots=True)
class TypedResource:
    """One resource as a typed message; ``origin`` is the "file:line" of what caused it."""

    type_url: str
    name: str
    message: Message
    origin: str


@dataclass(frozen=True, slots=True, order=True)
class EncodedResource:
    """One resource as bytes: ``body`` is the message that an Any of ``type_url`` would hold."""

    type_url: str
    name: str
    body: bytes
    origin: str


Named = Mapping[str, EncodedResource]  # by name, in order
Resources = Mapping[str, Named]  # by type, in order


def by_type(resources: Iterable[EncodedResource]) -> Resources:
    """Return resources by type and name, in order; of two with one name the last stays."""
    types: dict[str, dict[str, EncodedResource]] = {}
    for one in resources:
        types.setdefault(one.type_url, {})[one.name] = one
    return {url: dict(sorted(named.items())) for url, named in sorted(types.items())}
