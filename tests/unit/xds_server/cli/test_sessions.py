"""Sessions are a table, and what is missing is said beside it."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.commanding import Done, run
from tests.serving import Serving
from xds_server.cli import client

ONE = {
    "id": "host1-1a2b3c4d",
    "host": "host1",
    "protocol": "tcp",
    "path": "direct",
    "source": "shop/web",
    "source_address": "10.10.0.11:41000",
    "destination_address": "10.10.0.200:80",
    "service": "shop/db",
    "endpoint": "shop/db-1",
    "endpoint_address": "10.10.0.21:8080",
    "draining": False,
    "rule": "shop/db[0]",
    "origin": "policy.yaml:7",
    "state": "ESTABLISHED",
    "age": 12.4,
    "packets": None,
    "bytes": None,
}
BARE = {**ONE, "id": "host1-2", "service": "", "endpoint": "", "rule": "", "age": None}
TOLD = {"sessions": [ONE, BARE], "missing": {"host2": "has no agent"}, "left_off": 3}


def _told(tmp_path: Path, *options: str, query: dict[str, Any] | None = None) -> Done:
    def get(path: str, asked: dict[str, Any]) -> dict[str, Any]:
        assert (path, asked) == ("/v1/sessions", query or {})
        return TOLD

    with patch.object(client, "get", get):
        return run("get", "sessions", *options, state=tmp_path)


def test_each_session_is_a_line(tmp_path: Path) -> None:
    done = _told(tmp_path)
    heading, one, bare = done.out.splitlines()
    assert heading.split()[:4] == ["ID", "SOURCE", "SERVICE", "ENDPOINT"]
    assert one.split() == [
        *("host1-1a2b3c4d", "shop/web", "shop/db", "shop/db-1", "tcp", "ESTABLISHED", "12s"),
        "shop/db[0]",
    ]
    assert bare.split()[2:] == ["10.10.0.200:80", "-", "tcp", "ESTABLISHED", "-", "-"]
    assert "host2: has no agent" in done.err
    assert "3 more are not shown" in done.err


def test_an_endpoint_that_drains_is_marked(tmp_path: Path) -> None:
    told = {"sessions": [{**ONE, "draining": True}], "missing": {}, "left_off": 0}
    with patch.object(client, "get", lambda path, asked: told):
        assert "shop/db-1 (draining)" in run("get", "sessions", state=tmp_path).out


def test_it_has_other_forms_and_filters(tmp_path: Path) -> None:
    assert "policy.yaml:7" in _told(tmp_path, "-o", "wide").out
    assert _told(tmp_path, "-o", "name").out.split() == ["host1-1a2b3c4d", "host1-2"]
    assert json.loads(_told(tmp_path, "-o", "json").out)[0] == ONE
    wanted = {"workload": "web", "service": "db", "policy": "p", "host": "host1"}
    options = [part for name, value in wanted.items() for part in (f"--{name}", value)]
    assert _told(tmp_path, *options, query=wanted).code == 0


def test_without_an_agent_that_is_said(shop_server: Serving) -> None:
    done = run("get", "sessions", state=shop_server.state)
    assert (done.code, "has no agent" in done.err) == (0, True)
