"""The proxy's own account."""

from pathlib import Path

from envoy_data_plane.envoy.extensions.access_loggers.grpc.v3 import (
    HttpGrpcAccessLogConfig,
    TcpGrpcAccessLogConfig,
)

from translators.envoy.filters.access_log import FORMAT, Logged, access_log, connection_log

CONFIGS = Path(__file__).parents[5] / "envoy_configs"


def test_by_choice_nothing_denials_or_everything_is_logged() -> None:
    assert access_log(Logged.NOTHING) == []
    (everything,) = access_log(Logged.EVERYTHING)
    assert everything.filter is None
    (denied,) = access_log(Logged.DENIED)
    assert denied.filter is not None
    assert denied.filter.status_code_filter is not None
    comparison = denied.filter.status_code_filter.comparison
    assert comparison is not None
    assert comparison.value is not None
    assert comparison.value.default_value == 403


def test_a_line_names_the_rule_and_holds_no_query() -> None:
    assert FORMAT["rule"] == "%METADATA(ROUTE:fsdn:rule)%"
    assert FORMAT["path"] == "%PATH(NQ)%"
    assert not any("QUERY" in value or "COOKIE" in value.upper() for value in FORMAT.values())


def test_reports_go_to_the_controller_with_the_routes_metadata() -> None:
    denied, reported = access_log(Logged.REPORTED)
    assert [denied] == access_log(Logged.DENIED)
    assert reported.filter is None
    assert reported.typed_config is not None
    config = reported.typed_config.unpack()
    assert isinstance(config, HttpGrpcAccessLogConfig)
    assert config.common_config is not None
    assert [tag.tag for tag in config.common_config.custom_tags] == ["fsdn.rule", "fsdn.origin"]
    service = config.common_config.grpc_service
    assert service is not None
    assert service.envoy_grpc is not None
    for path in CONFIGS.glob("*.yaml"):
        assert f"name: {service.envoy_grpc.cluster_name}\n" in path.read_text()


def test_connections_are_only_ever_reported() -> None:
    assert connection_log(Logged.EVERYTHING) == []
    (reported,) = connection_log(Logged.REPORTED)
    assert reported.typed_config is not None
    assert isinstance(reported.typed_config.unpack(), TcpGrpcAccessLogConfig)
