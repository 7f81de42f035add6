import json

from tests.commanding import run
from tests.serving import Serving
from xds_server.cli.status import _troubles


def test_every_declared_device_is_listed(shop_server: Serving) -> None:
    done = run("status", state=shop_server.state)
    assert done.code == 0
    assert "no device is connected" in done.out
    assert "proxy/host1    NEVER  CDS NEVER" in done.out
    assert "switch/leaf1   NEVER  config NEVER" in done.out
    names = run("status", "-o", "name", state=shop_server.state).out.split()
    assert "bridge/host2" in names


def test_a_check_fails_unless_all_is_synced(shop_server: Serving) -> None:
    assert run("status", "--check", state=shop_server.state).code == 1
    told = json.loads(run("status", "-o", "json", state=shop_server.state).out)
    assert told["revision"] == 1


def test_a_refusal_is_told_with_its_line() -> None:
    device = {
        "device": "proxy/host1",
        "kind": "proxy",
        "state": "NACKED",
        "warnings": ["slow"],
        "types": [
            {
                "type": "type.googleapis.com/envoy.config.listener.v3.Listener",
                "state": "NACKED",
                "reason": "bad port",
                "resource": "shop/web",
                "origin": "a.yaml:3",
            }
        ],
    }
    assert _troubles(device) == ["slow", "refused LDS shop/web (a.yaml:3): bad port"]
