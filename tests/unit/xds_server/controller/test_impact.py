from tests.conversations.controller.script import program, snapshot
from xds_server.controller.impact import impact
from xds_server.controller.targets import Targets
from xds_server.controller.values import DeviceImpact
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import SwitchConfig


def switch(text: str) -> dict[str, SwitchConfig]:
    return {"leaf1": SwitchConfig("leaf1", text, "", text)}


def test_each_device_is_counted_in_its_own_unit() -> None:
    old = Targets({"h": snapshot("a", "b")}, {"h": program(1, 2)}, switch("a\nb\nc\n"))
    new = Targets({"h": snapshot("b", "c", "d")}, {"h": program(2)}, switch("a\nx\nc\nd\n"))
    assert impact(old, new) == (
        DeviceImpact(Device(DeviceKind.BRIDGE, "h"), "flows", 0, 0, 1),
        DeviceImpact(Device(DeviceKind.PROXY, "h"), "resources", 2, 0, 1),
        DeviceImpact(Device(DeviceKind.SWITCH, "leaf1"), "lines", 1, 1, 0),
    )


def test_what_stays_equal_is_not_listed() -> None:
    same = Targets({"h": snapshot("a")}, {"h": program(1)}, switch("a"))
    assert impact(same, same) == ()


def test_a_new_device_gets_everything() -> None:
    found = impact(Targets(), Targets({"h": snapshot("a", "b")}))
    assert [(i.added, i.changed, i.removed) for i in found] == [(2, 0, 0)]
