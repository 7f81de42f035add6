"""HTTP for one group of sources."""

from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerPathWithEscapedSlashesAction,
)

from translators.envoy.clusters import ADS
from translators.envoy.filters.access_log import Logged
from translators.envoy.filters.http_connection_manager import http_connection_manager


def _config() -> HttpConnectionManager:
    packed = http_connection_manager("prefix", "routes", Logged.NOTHING).typed_config
    assert packed is not None
    message = packed.unpack()
    assert isinstance(message, HttpConnectionManager)
    return message


def test_paths_and_hosts_are_normalised_as_policies_read_them() -> None:
    config = _config()
    reject = HttpConnectionManagerPathWithEscapedSlashesAction.REJECT_REQUEST
    assert config.normalize_path is True
    assert config.merge_slashes is True
    assert config.path_with_escaped_slashes_action == reject
    assert config.strip_any_host_port is True
    assert config.strip_trailing_host_dot is True
    assert config.http_protocol_options is not None
    assert config.http_protocol_options.allow_absolute_url is False


def test_the_peer_is_the_client_and_nobody_is_internal() -> None:
    config = _config()
    assert config.use_remote_address is True
    assert config.internal_address_config is not None
    assert config.internal_address_config.cidr_ranges == []


def test_rbac_stands_before_the_router_and_routes_are_discovered() -> None:
    config = _config()
    names = [f.name for f in config.http_filters]
    assert names == ["envoy.filters.http.rbac", "envoy.filters.http.router"]
    assert config.rds is not None
    assert (config.rds.route_config_name, config.rds.config_source) == ("routes", ADS)
