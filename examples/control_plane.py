"""A load balancer in a few lines: every Envoy spreads requests over the backends of a file.

Usage: python examples/control_plane.py ADDRESS PORT FILE: serve xDS at ADDRESS (127.0.0.1:18000 or
unix:/run/xds.sock). Every Envoy that connects listens on 127.0.0.1:PORT, and balances to the lines
of FILE, each "ADDRESS PORT". The file is read every second.
"""

import asyncio
import sys
from pathlib import Path

from translators.envoy.from_json import from_json
from xds_server.library import SnapshotCache, serve

FILTERS = "type.googleapis.com/envoy.extensions.filters."


def typed(kind: str, **fields: object):
    """Return a typed message of Envoy's API, written as its JSON is."""
    return from_json({"@type": f"type.googleapis.com/envoy.config.{kind}", **fields})[0]


def at(host: str, port: str) -> dict:
    """Return an address."""
    return {"address": {"socket_address": {"address": host, "port_value": int(port)}}}


def resources(port: str, backends: list[str]):
    """Yield a listener, a cluster and the cluster's endpoints."""
    every = {"match": {"prefix": "/"}, "route": {"cluster": "all"}}
    routes = {"virtual_hosts": [{"name": "any", "domains": ["*"], "routes": [every]}]}
    router = {"name": "router", "typed_config": {"@type": FILTERS + "http.router.v3.Router"}}
    http = {"@type": FILTERS + "network.http_connection_manager.v3.HttpConnectionManager"}
    http |= {"stat_prefix": "in", "route_config": routes, "http_filters": [router]}
    chains = [{"filters": [{"name": "http", "typed_config": http}]}]
    yield typed("listener.v3.Listener", name="in", filter_chains=chains, **at("127.0.0.1", port))
    eds = {"eds_config": {"ads": {}, "resource_api_version": "V3"}}
    yield typed("cluster.v3.Cluster", name="all", type="EDS", eds_cluster_config=eds)
    found = [{"lb_endpoints": [{"endpoint": at(*line.split())} for line in backends]}]
    yield typed("endpoint.v3.ClusterLoadAssignment", cluster_name="all", endpoints=found)


async def main(address: str, port: str, file: str) -> None:
    """Serve what the file says, until interrupted; only what changed is sent."""
    cache = SnapshotCache(node_hash=lambda _: "all")  # one snapshot for every node
    async with serve(cache, address, on_evidence=print):
        while True:
            cache.set_snapshot("all", resources(port, Path(file).read_text().splitlines()))
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
