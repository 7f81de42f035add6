"""Raw ports."""

from envoy_data_plane.envoy.extensions.filters.network.rbac.v3 import Rbac
from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy.v3 import TcpProxy

from translators.envoy.filters.rbac import deny_all
from translators.envoy.filters.tcp_proxy import closed, tcp_proxy


def test_shares_become_weights() -> None:
    packed = tcp_proxy("prefix", (("a", 9), ("b", 1))).typed_config
    assert packed is not None
    config = packed.unpack()
    assert isinstance(config, TcpProxy)
    assert config.weighted_clusters is not None
    weights = [(c.name, c.weight) for c in config.weighted_clusters.clusters]
    assert weights == [("a", 9), ("b", 1)]


def test_a_closed_port_names_its_rule() -> None:
    packed = closed("prefix", "shop/p[0]").typed_config
    assert packed is not None
    assert packed.unpack() == Rbac(stat_prefix="prefix", rules=deny_all("shop/p[0]"))


def test_clients_stay_with_an_endpoint_where_asked() -> None:
    packed = tcp_proxy("prefix", (("a", 1),), by_client=True).typed_config
    assert packed is not None
    (policy,) = packed.unpack().hash_policy  # type: ignore[union-attr]
    assert policy.source_ip is not None
