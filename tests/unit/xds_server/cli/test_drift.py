import json

from tests.commanding import run
from tests.serving import Serving


def test_bridges_that_are_away_are_no_drift_and_are_named(shop_server: Serving) -> None:
    done = run("drift", state=shop_server.state)
    assert (done.code, done.out) == (0, "")
    assert "bridge/host1 was not compared: it is not connected" in done.err
    told = json.loads(run("drift", "--host", "host2", "-o", "json", state=shop_server.state).out)
    assert told == [{"host": "host2", "seen": "away", "differences": []}]


def test_a_host_that_is_none_is_said(shop_server: Serving) -> None:
    done = run("drift", "--fix", "--host", "nobody", state=shop_server.state)
    assert done.code == 1
    assert "no host nobody is declared" in done.err


def test_every_bridge_is_listed(shop_server: Serving) -> None:
    done = run("get", "bridges", "-o", "wide", state=shop_server.state)
    assert [line.split()[:3] for line in done.out.splitlines()[1:]] == [
        ["0000000000000001", "host1", "NEVER"],
        ["0000000000000002", "host2", "NEVER"],
    ]
