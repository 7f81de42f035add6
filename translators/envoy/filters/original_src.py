"""Listener filter: upstream connections carry the client's own address."""

from __future__ import annotations

from functools import cache

from envoy_data_plane.envoy.config.listener.v3 import ListenerFilter
from envoy_data_plane.envoy.extensions.filters.listener.original_src.v3 import OriginalSrc

from translators.envoy.encode import pack


@cache
def original_src() -> ListenerFilter:
    """Return the filter; Envoy needs CAP_NET_ADMIN for it, and replies must be routed back to it.

    With it both vswitches can go on enforcing L3 and L4 on the source's identity.
    """
    return ListenerFilter(
        name="envoy.filters.listener.original_src", typed_config=pack(OriginalSrc())
    )
