"""A drain is stored, waited for, and in the end enforced."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.commanding import Done, run
from tests.serving import SHOP, Serving
from tests.unit.xds_server.cli.test_sessions import ONE
from xds_server.cli import client, draining


@pytest.fixture(scope="module")
def shop_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server of these tests' own that runs the shop: they change it."""
    with Serving(tmp_path_factory.mktemp("draining") / "state") as server:
        assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
        yield server


LED = {**ONE, "endpoint": "shop/stock", "service": "shop/stock"}


def _drained(
    server: Serving, sessions: list[list[dict[str, Any]]], *options: str
) -> tuple[Done, list[str]]:
    """Run a drain against a real server whose sessions are these, look after look."""
    killed: list[str] = []
    get, post = client.get, client.post

    def looked(path: str, *more: Any) -> Any:
        if path != "/v1/sessions":
            return get(path, *more)
        found = sessions.pop(0) if len(sessions) > 1 else sessions[0]
        return {"sessions": found, "missing": {}, "left_off": 0}

    def posted(path: str, body: dict[str, Any]) -> Any:
        if not path.startswith("/v1/sessions"):
            return post(path, body)
        killed.append(path)
        return ONE

    with (
        patch.object(client, "get", looked),
        patch.object(client, "post", posted),
        patch.object(draining, "_LOOK", 0.01),
    ):
        return run("session", "drain", *options, state=server.state), killed


def _held(server: Serving, kind: str, name: str) -> str:
    found: Callable[..., Any] = server.ask
    return str(found(f"/v1/objects?kind={kind}&name={name}")[0]["source"])


def test_a_drain_is_stored_waited_for_and_undone(shop_server: Serving) -> None:
    line = shop_server.ask("/v1/objects?kind=Workload&name=stock")[0]["line"]
    done, killed = _drained(shop_server, [[LED], []], "stock")
    assert done.code == 0, done.err
    assert "shop/stock gets no new connections" in done.out
    assert "1 session(s) left" in done.out
    assert (done.out.splitlines()[-1], killed) == ("shop/stock is drained", [])
    assert "drain: true" in _held(shop_server, "Workload", "stock")
    assert shop_server.ask("/v1/objects?kind=Workload&name=stock")[0]["line"] == line
    again, _ = _drained(shop_server, [[]], "stock", "--undo")
    assert "takes new connections again" in again.out
    assert "drain: false" in _held(shop_server, "Workload", "stock")


def test_what_is_left_is_ended(shop_server: Serving) -> None:
    others = [
        {**LED, "endpoint": "shop/web"},
        {**LED, "state": "TIME_WAIT"},
        {**LED, "service": ""},
        {**LED, "path": "direct (cut)"},
    ]
    done, killed = _drained(shop_server, [[LED, *others]], "stock", "--timeout", "0s")
    assert killed == [f"/v1/sessions/{LED['id']}/kill"]
    assert "1 session(s) were ended" in done.out
    _drained(shop_server, [[]], "stock", "--undo")


def test_one_service_lets_go_of_it(shop_server: Serving) -> None:
    other = {**LED, "service": "shop/reviews"}
    options = ("stock", "--service", "stock", "--timeout", "0s")
    done, killed = _drained(shop_server, [[LED, other]], *options)
    assert (done.code, len(killed)) == (0, 1)
    assert 'drain: ["stock"]' in _held(shop_server, "Service", "stock")
    _drained(shop_server, [[]], *options, "--undo")
    assert "drain: []" in _held(shop_server, "Service", "stock")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nobody",), 1, "there is no Workload nobody"),
        (("stock", "--service", "nobody"), 1, "there is no Service nobody"),
        (("stock", "--timeout", "soon"), 2, "is not a duration"),
    ],
)
def test_what_is_not_there_is_said(
    shop_server: Serving, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = run("session", "drain", *arguments, state=shop_server.state)
    assert (done.code, told in done.err) == (code, True), done.err


def test_sessions_that_cannot_be_seen_are_said(shop_server: Serving, tmp_path: Path) -> None:
    del tmp_path
    done = run("session", "drain", "stock", state=shop_server.state)
    assert (done.code, "its sessions cannot be seen" in done.err) == (6, True)
    run("session", "drain", "stock", "--undo", state=shop_server.state)
