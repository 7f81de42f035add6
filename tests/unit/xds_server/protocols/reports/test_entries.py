import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, Node, RequestMethod, SocketAddress
from envoy_data_plane.envoy.data.accesslog.v3 import (
    AccessLogCommon,
    HttpAccessLogEntry,
    HttpRequestProperties,
    HttpResponseProperties,
    ResponseFlags,
    TcpAccessLogEntry,
)
from envoy_data_plane.envoy.service.accesslog.v3 import (
    StreamAccessLogsMessage,
    StreamAccessLogsMessageHttpAccessLogEntries,
    StreamAccessLogsMessageIdentifier,
    StreamAccessLogsMessageTcpAccessLogEntries,
)

from xds_server.protocols.reports.entries import Entry, Outcome, scan_batch
from xds_server.protocols.xds.protobuf import MalformedError


def at(address: str, port: int) -> Address:
    return Address(socket_address=SocketAddress(address=address, port_value=port))


def seen(**more: object) -> AccessLogCommon:
    return AccessLogCommon(
        downstream_direct_remote_address=at("10.0.0.1", 4000),
        downstream_local_address=at("10.96.0.1", 80),
        **more,
    )


def http(common: AccessLogCommon, status: int, details: str) -> Entry:
    entry = HttpAccessLogEntry(
        common_properties=common,
        request=HttpRequestProperties(
            request_method=RequestMethod.POST, authority="shop", path="/buy?token=1"
        ),
        response=HttpResponseProperties(response_code=status, response_code_details=details),
    )
    logs = StreamAccessLogsMessageHttpAccessLogEntries(log_entry=[entry])
    name = StreamAccessLogsMessageIdentifier(node=Node(id="host1"))
    batch = scan_batch(bytes(StreamAccessLogsMessage(identifier=name, http_logs=logs)))
    assert batch.node == "host1"
    (found,) = batch.entries(batch.node)
    return found


def test_a_forwarded_request_names_its_rule_and_endpoint() -> None:
    tags = {"fsdn.rule": "shop/buy[0]", "fsdn.origin": "policies.yaml:3"}
    common = seen(upstream_remote_address=at("10.0.0.9", 8080), custom_tags=tags)
    found = http(common, 200, "via_upstream")
    assert (found.outcome, found.rule, found.origin) == (
        Outcome.FORWARDED,
        "shop/buy[0]",
        "policies.yaml:3",
    )
    assert (found.source, found.source_port) == ("10.0.0.1", 4000)
    assert (found.destination, found.destination_port) == ("10.96.0.1", 80)
    assert (found.upstream, found.method, found.status) == ("10.0.0.9:8080", "POST", 200)
    assert found.path == "/buy"  # a query may hold secrets


def test_a_denial_names_the_policy_that_denied() -> None:
    found = http(seen(), 403, "rbac_access_denied_matched_policy[shop/no[1]]")
    assert (found.outcome, found.status) == (Outcome.DENIED, 403)
    assert found.rule == "shop/no[1]"


def test_a_server_that_answers_403_is_no_denial_of_ours() -> None:
    found = http(seen(upstream_remote_address=at("10.0.0.9", 80)), 403, "via_upstream")
    assert found.outcome is Outcome.FORWARDED


def test_what_reached_nobody_says_why() -> None:
    found = http(seen(response_flags=ResponseFlags(no_healthy_upstream=True)), 503, "x")
    assert (found.outcome, found.reason) == (Outcome.ERROR, "no healthy upstream")
    refused = ResponseFlags(upstream_connection_failure=True)
    found = http(seen(response_flags=refused, upstream_remote_address=at("10.0.0.9", 80)), 503, "")
    assert found.outcome is Outcome.ERROR


def test_a_connection_has_no_method() -> None:
    ended = "rbac_access_denied_matched_policy[shop/tcp[0]]"
    entry = TcpAccessLogEntry(common_properties=seen(connection_termination_details=ended))
    logs = StreamAccessLogsMessageTcpAccessLogEntries(log_entry=[entry])
    (found,) = scan_batch(bytes(StreamAccessLogsMessage(tcp_logs=logs))).entries("host1")
    assert (found.outcome, found.rule, found.method) == (Outcome.DENIED, "shop/tcp[0]", "")


def test_garbage_is_malformed() -> None:
    with pytest.raises(MalformedError):
        scan_batch(b"\x0b")
