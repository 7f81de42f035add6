"""A control plane in a few lines: every Envoy gets a page that says hello.

Usage: python examples/control_plane.py ADDRESS PORT: serve xDS at ADDRESS (127.0.0.1:18000 or
unix:/run/xds.sock); every Envoy that connects listens on 127.0.0.1:PORT.
"""

import asyncio
import sys

from translators.envoy.from_json import from_json
from xds_server.library import SnapshotCache, serve

API = "type.googleapis.com/envoy."
FILTERS = API + "extensions.filters."


def hello(port: int, text: str):
    """Return a listener that answers every request by itself, as a typed message."""
    answer = {"status": 200, "body": {"inline_string": text}}
    host = {"name": "all", "domains": ["*"]}
    host["routes"] = [{"match": {"prefix": "/"}, "direct_response": answer}]
    router = {"name": "router", "typed_config": {"@type": FILTERS + "http.router.v3.Router"}}
    manager = {"@type": FILTERS + "network.http_connection_manager.v3.HttpConnectionManager"}
    manager |= {"stat_prefix": "hello", "http_filters": [router]}
    manager |= {"route_config": {"name": "hello", "virtual_hosts": [host]}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    listener = {"name": "hello", "address": address, "filter_chains": [chain]}
    return from_json({"@type": API + "config.listener.v3.Listener", **listener})[0]


async def main(address: str, port: int) -> None:
    """Serve one greeting, then another."""
    """Serve one answer, and after two seconds another, until interrupted."""
    cache = SnapshotCache(node_hash=lambda _: "all")  # one snapshot for every node
    cache.set_snapshot("all", [hello(port, "hello")], version="1")
    async with serve(cache, address, on_evidence=print):
        await asyncio.sleep(2)
        cache.set_snapshot("all", [hello(port, "hello again")], version="2")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
