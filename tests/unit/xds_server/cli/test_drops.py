import json

from tests.commanding import run
from tests.serving import Serving


def test_bridges_that_are_away_are_told_from_those_that_drop_nothing(shop_server: Serving) -> None:
    done = run("get", "drops", state=shop_server.state)
    assert done.code == 0
    assert done.out.split() == ["BRIDGE", "CAUSE", "STAGE", "OF", "PACKETS", "BYTES"]
    assert "bridge/host1 is not counted: it is away, or does not answer" in done.err
    told = json.loads(
        run("get", "drops", "--host", "host2", "-o", "json", state=shop_server.state).out
    )
    assert [(one["host"], one["counted"], one["drops"]) for one in told] == [("host2", False, [])]


def test_a_host_that_is_none_is_said(shop_server: Serving) -> None:
    done = run("get", "drops", "--host", "nobody", state=shop_server.state)
    assert done.code == 1
    assert "no host nobody is declared" in done.err
