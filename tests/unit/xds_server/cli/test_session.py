"""A kill names what it ended."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.commanding import run
from tests.serving import Serving
from xds_server.cli import client

ONE = {
    "id": "host1-1a2b3c4d",
    "source": "shop/web",
    "source_address": "10.10.0.11:41000",
    "destination_address": "10.10.0.200:80",
    "service": "shop/db",
}


def test_a_kill_says_what_it_ended(tmp_path: Path) -> None:
    with patch.object(client, "post", lambda path, body: {**ONE, "asked": (path, body)}):
        done = run("session", "kill", "host1-1a2b3c4d", state=tmp_path)
    assert done.code == 0
    assert "killed host1-1a2b3c4d: shop/web (10.10.0.11:41000) to shop/db" in done.out


def test_several_are_killed_in_turn(tmp_path: Path) -> None:
    asked: list[str] = []

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert body == {}
        asked.append(path)
        return ONE

    with patch.object(client, "post", post):
        assert run("session", "kill", "host1-1", "host1-2", state=tmp_path).code == 0
    assert asked == ["/v1/sessions/host1-1/kill", "/v1/sessions/host1-2/kill"]


def test_without_an_agent_nothing_is_killed(shop_server: Serving) -> None:
    gone = run("session", "kill", "host1-00000000", state=shop_server.state)
    assert (gone.code != 0, "has no agent" in gone.err) == (True, True)
