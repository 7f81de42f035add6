"""HTTP filter: the router, last of every chain."""

from __future__ import annotations

from functools import cache

from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from translators.envoy.encode import pack


@cache  # the message is shared: nobody changes one that is built
def router() -> HttpFilter:
    """Return the filter; it adds no x-envoy headers, for workloads did not ask for a proxy."""
    config = Router(suppress_envoy_headers=True)
    return HttpFilter(name="envoy.filters.http.router", typed_config=pack(config))
