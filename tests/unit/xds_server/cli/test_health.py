import json
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.commanding import Done, run
from tests.serving import Serving
from xds_server.cli import client

SAID = {"node": "web-1", "health": "TIMEOUT", "since": 7.0, "heard": 9.0}
SICK = {
    "cluster": "shop",
    "endpoint": "10.0.0.1:80",
    "health": "UNHEALTHY",
    "since": 7.0,
    "checkers": [SAID],
}
UNKNOWN = {**SICK, "endpoint": "10.0.0.2:80", "health": "UNKNOWN", "since": 0.0, "checkers": []}


def told(tmp_path: Path, *options: str) -> Done:
    with patch.object(client, "get", lambda path: {"/v1/health": [SICK, UNKNOWN]}[path]):
        return run("get", "health", *options, state=tmp_path)


def test_each_endpoint_is_a_line(tmp_path: Path) -> None:
    heading, sick, unknown = told(tmp_path).out.splitlines()
    assert heading.split() == ["CLUSTER", "ENDPOINT", "HEALTH", "SINCE", "SAID", "BY"]
    assert sick.split()[:3] == ["shop", "10.0.0.1:80", "UNHEALTHY"]
    assert sick.endswith("web-1 TIMEOUT")
    assert unknown.split() == ["shop", "10.0.0.2:80", "UNKNOWN", "-", "-"]


@pytest.mark.parametrize(
    ("option", "words"), [("wide", "heard 1970-01-01 00:00:09"), ("name", "shop/10.0.0.1:80")]
)
def test_it_has_other_forms(tmp_path: Path, option: str, words: str) -> None:
    assert words in told(tmp_path, "-o", option).out
    assert json.loads(told(tmp_path, "-o", "json").out)[0] == SICK


def test_where_nobody_checks_that_is_said(shop_server: Serving) -> None:
    done = run("get", "health", state=shop_server.state)
    assert (done.code, "nobody checks endpoints" in done.out) == (0, True)
