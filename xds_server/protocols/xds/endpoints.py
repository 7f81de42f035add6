"""The link from a cluster to its endpoints, and how to say that there are none."""

from __future__ import annotations

from functools import lru_cache

from xds_server.protocols.xds.protobuf import MalformedError, message, number, put_text, scan, text
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource

_EDS = 3  # envoy.config.cluster.v3.Cluster.DiscoveryType


@lru_cache(maxsize=8192)
def assignment_name(cluster: bytes) -> str:
    """Return the ClusterLoadAssignment that an encoded Cluster subscribes to, or "".

    Source: cluster.proto: name = 1, type = 2, eds_cluster_config = 3 (service_name = 2). Bytes
    that are not a Cluster have no endpoints: the client will say what is wrong with them.
    """
    try:
        return _assignment_name(cluster)
    except MalformedError:
        return ""


def _assignment_name(cluster: bytes) -> str:
    name, kind, service = "", 0, ""
    for key, value in scan(cluster):
        if key == 1:
            name = text(value)
        elif key == 2:
            kind = number(value)
        elif key == 3:
            service = _service_name(message(value))
    return (service or name) if kind == _EDS else ""


def _service_name(config: bytes) -> str:
    for key, value in scan(config):
        if key == 2:
            return text(value)
    return ""


def no_endpoints(name: str) -> Resource:
    """Return an empty assignment: in state-of-the-world the only way to say "does not exist".

    Without it Envoy keeps the cluster warming until its initial fetch times out (15 s).
    """
    return Resource(ENDPOINT, name, put_text(1, name))
