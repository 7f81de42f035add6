"""Network filters of a captured port without HTTP: a denial, or a weighted TCP proxy."""

from __future__ import annotations

from datetime import timedelta

from envoy_data_plane.envoy.config.listener.v3 import Filter
from envoy_data_plane.envoy.extensions.filters.network.rbac.v3 import Rbac
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import (
    TcpProxy,
    TcpProxyWeightedCluster,
)
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import (
    TcpProxyWeightedClusterClusterWeight as Weight,
)
from envoy_data_plane.envoy.type.v3 import HashPolicy, HashPolicySourceIp

from translators.envoy.encode import pack
from translators.envoy.filters.access_log import Logged, connection_log
from translators.envoy.filters.rbac import deny_all

IDLE_TIMEOUT = timedelta(hours=1)


def tcp_proxy(
    stat_prefix: str,
    shares: tuple[tuple[str, int], ...],
    logged: Logged = Logged.NOTHING,
    by_client: bool = False,
) -> Filter:
    """Return the TCP proxy to clusters with weights above 0; there must be at least one.

    ``by_client``: clusters choose an endpoint by the client's address.
    """
    weights = [Weight(name=name, weight=weight) for name, weight in shares]
    config = TcpProxy(
        stat_prefix=stat_prefix,
        weighted_clusters=TcpProxyWeightedCluster(clusters=weights),
        idle_timeout=IDLE_TIMEOUT,
        access_log=connection_log(logged),
        hash_policy=[HashPolicy(source_ip=HashPolicySourceIp())] if by_client else [],
    )
    return Filter(name="envoy.filters.network.tcp_proxy", typed_config=pack(config))


def closed(stat_prefix: str, rule: str) -> Filter:
    """Return a filter that closes every connection, in the name of this rule."""
    config = Rbac(stat_prefix=stat_prefix, rules=deny_all(rule))
    return Filter(name="envoy.filters.network.rbac", typed_config=pack(config))
