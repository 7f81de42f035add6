import asyncio
import json

import grpc
import pytest
from envoy_data_plane.envoy.config.core.v3 import Address, Node, SocketAddress
from envoy_data_plane.envoy.data.accesslog.v3 import AccessLogCommon, TcpAccessLogEntry
from envoy_data_plane.envoy.service.accesslog.v3 import (
    StreamAccessLogsMessage,
    StreamAccessLogsMessageIdentifier,
    StreamAccessLogsMessageTcpAccessLogEntries,
)

from tests.commanding import run
from tests.serving import Serving
from xds_server.cli.observe import _text
from xds_server.southbound.grpc_als import SERVICE

ENTRY = {
    "at": 0.5,
    "verdict": "DENIED",
    "source": "shop/web",
    "source_address": "10.0.0.1:4000",
    "service": "",
    "destination": "10.96.0.1:80",
    "method": "GET",
    "authority": "stock",
    "path": "/buy",
    "status": 403,
    "rule": "shop/no[0]",
    "origin": "policies.yaml:3",
    "reason": "",
}


def report(server: Serving) -> None:
    address = Address(socket_address=SocketAddress(address="10.9.9.9", port_value=4000))
    ended = "rbac_access_denied_matched_policy[shop/stock-closed[0]]"
    common = AccessLogCommon(
        downstream_remote_address=address, connection_termination_details=ended
    )
    logs = StreamAccessLogsMessageTcpAccessLogEntries(
        log_entry=[TcpAccessLogEntry(common_properties=common)]
    )
    name = StreamAccessLogsMessageIdentifier(node=Node(id="host1"))

    async def send() -> None:
        at = f"127.0.0.1:{server.port('xds')}"
        async with grpc.aio.insecure_channel(at) as channel:
            call = channel.stream_unary(f"/{SERVICE}/StreamAccessLogs")()
            await call.write(bytes(StreamAccessLogsMessage(identifier=name, tcp_logs=logs)))
            await call.done_writing()
            await call

    asyncio.run(send())


@pytest.fixture
def reported(shop_server: Serving) -> Serving:
    report(shop_server)
    return shop_server


def test_denials_are_shown_with_their_rule(reported: Serving) -> None:
    done = run("observe", "--verdict", "denied", state=reported.state)
    assert done.code == 0, done.err
    assert "DENIED     10.9.9.9:4000" in done.out
    assert "by shop/stock-closed[0] (" in done.out
    lines = run("observe", "--last", "1", "-o", "jsonl", state=reported.state).out.splitlines()
    found = json.loads(lines[0])
    assert found["rule"] == "shop/stock-closed[0]"
    assert "policies.yaml:" in found["origin"]
    assert len(lines) == 1


def test_nothing_reported_says_how_to_turn_it_on(shop_server: Serving) -> None:
    done = run("observe", "--source", "nobody", state=shop_server.state)
    assert "FSDN_ACCESS_LOGS" in done.out


def test_a_wrong_token_is_one_sentence(shop_server: Serving, tmp_path) -> None:
    (tmp_path / "token").write_text("wrong")
    done = run("--token-file", str(tmp_path / "token"), "observe", state=shop_server.state)
    assert done.code == 4
    assert "token is missing or wrong" in done.err


def test_a_line_says_who_whom_what_and_why() -> None:
    assert _text(ENTRY) == (
        "00:00:00.500  DENIED     shop/web -> 10.96.0.1:80  GET stock/buy 403  "
        "by shop/no[0] (policies.yaml:3)"
    )
    error = {**ENTRY, "verdict": "ERROR", "rule": "", "method": "", "reason": "no route found"}
    assert _text(error).endswith("shop/web -> 10.96.0.1:80  no route found")
