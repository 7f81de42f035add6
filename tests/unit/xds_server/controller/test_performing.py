from typing import Any

from tests.conversations.controller.script import snapshot
from xds_server.controller.metering import Unmetered
from xds_server.controller.performing import Performer
from xds_server.controller.state import (
    DeclareHosts,
    PublishBridge,
    PublishProxy,
    Reached,
    WithdrawProxy,
)
from xds_server.snapshots.model import program_of


class _Port:
    def __init__(self, calls: list[tuple[Any, ...]], name: str) -> None:
        self._calls = calls
        self._name = name

    def __getattr__(self, method: str) -> Any:
        return lambda *given: self._calls.append((self._name, method, *given))


def test_each_effect_reaches_its_port() -> None:
    calls: list[tuple[Any, ...]] = []
    ports: list[Any] = [_Port(calls, name) for name in ("xds", "openflow", "ovsdb", "ledger")]
    jobs: Any = _Port(calls, "jobs")
    performer = Performer(*ports, Unmetered(), jobs)
    told, program = snapshot("a"), program_of((), ())
    for effect in (
        PublishProxy("one", told),
        WithdrawProxy("two"),
        PublishBridge(7, program, "one"),
        DeclareHosts({7: "one"}, {"one": "vxlan0"}, {"one": {"web": ()}}),
        Reached(3, 0.5),
    ):
        performer.perform(effect)
    assert calls == [
        ("xds", "publish", "one", told),
        ("xds", "withdraw", "two"),
        ("openflow", "publish", 7, program),
        ("openflow", "set_hosts", {7: "one"}),
        ("ovsdb", "set_hosts", {7: "one"}, {"one": "vxlan0"}, {"one": {"web": ()}}),
        ("ledger", "reached", 3, 0.5),
    ]
