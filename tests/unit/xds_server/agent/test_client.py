"""The agents' client against a server that speaks the API's words over real HTTP."""

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from xds_server.agent.client import (
    LAST_DELAY,
    Report,
    ServerAwayError,
    agent_client,
    delay,
)
from xds_server.snapshots.model import SwitchConfig

CONFIG = {"switch": "leaf1", "version": "v1", "frr": "frr", "links": "{}"}


class Server(ThreadingHTTPServer):
    """Answers every request with ``status`` and ``body``, and remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.body: Any = CONFIG
        self.asked: list[tuple[str, str, str | None, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        given = json.loads(self.rfile.read(size)) if size else None
        asked = (self.command, self.path, self.headers.get("Authorization"), given)
        self.server.asked.append(asked)
        body = b"" if self.server.status == 204 else json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was asked is in ``asked``."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("secret-1\n")
    return path


async def test_a_new_version_is_fetched_with_the_token(server: Server, token: Path) -> None:
    async with agent_client(server.url, token, None) as client:
        assert await client.config("leaf1", "v0", 25) == SwitchConfig("leaf1", "frr", "{}", "v1")
    path = "/v1/switches/leaf1/config?version=v0&wait=25"
    assert server.asked == [("GET", path, "Bearer secret-1", None)]


async def test_no_new_version_is_none(server: Server, token: Path) -> None:
    server.status = 204
    async with agent_client(server.url, token, None) as client:
        assert await client.config("leaf1", "v1", 0) is None


async def test_a_report_carries_everything(server: Server, token: Path) -> None:
    server.status = 204
    async with agent_client(server.url, token, None) as client:
        await client.report("leaf1", Report("failed", "v2", reason="no", line="frr.conf:7: x"))
    ((method, path, _, body),) = server.asked
    assert (method, path) == ("POST", "/v1/switches/leaf1/report")
    assert body == {
        "state": "failed",
        "version": "v2",
        "written": 0,
        "reason": "no",
        "line": "frr.conf:7: x",
        "detail": "",
    }


async def test_a_token_can_be_replaced_under_way(server: Server, token: Path) -> None:
    async with agent_client(server.url, token, None) as client:
        await client.config("leaf1", "", 0)
        token.write_text("secret-2")
        await client.config("leaf1", "", 0)
    assert [asked[2] for asked in server.asked] == ["Bearer secret-1", "Bearer secret-2"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "apply a Switch document"), (401, "refuses the token"), (500, "answers 500")],
)
async def test_refusals_say_how_to_mend_and_never_the_token(
    server: Server, token: Path, status: int, said: str
) -> None:
    server.status, server.body = status, {"detail": "no"}
    async with agent_client(server.url, token, None) as client:
        with pytest.raises(ServerAwayError, match=said) as caught:
            await client.config("leaf1", "", 0)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", [{"switch": "leaf1"}, [], CONFIG | {"switch": "leaf2"}])
async def test_an_answer_that_is_no_configuration_is_not_applied(
    server: Server, token: Path, body: Any
) -> None:
    server.body = body
    async with agent_client(server.url, token, None) as client:
        with pytest.raises(ServerAwayError, match="the server"):
            await client.config("leaf1", "", 0)


async def test_an_absent_server_is_away(token: Path) -> None:
    with Server() as gone:
        url = gone.url
    async with agent_client(url, token, None) as client:
        with pytest.raises(ServerAwayError, match="does not answer"):
            await client.report("leaf1", Report("running", "v1"))


async def test_a_missing_token_file_is_named(server: Server, tmp_path: Path) -> None:
    async with agent_client(server.url, tmp_path / "none", None) as client:
        with pytest.raises(ServerAwayError, match="--token-file"):
            await client.config("leaf1", "", 0)


def test_delays_grow_and_end_and_differ() -> None:
    rng = random.Random(7)
    first = [delay(0, rng) for _ in range(50)]
    late = [delay(99, rng) for _ in range(50)]
    assert max(first) < min(late)
    assert max(late) <= LAST_DELAY
    assert len(set(late)) > 40
