from pathlib import Path

from tests.asking import asking, files
from tests.unit.xds_server.protocols.ovsdb.test_mirror import BRIDGE
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, Warned


async def test_declared_connected_and_described_bridges_are_listed(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        sinks.described = (BRIDGE,)
        controller.feed(Connected(Device(DeviceKind.BRIDGE, "host1"), 1.0, "here"))
        stranger = Device(DeviceKind.BRIDGE, "00000000000000bb")
        controller.feed(Warned(stranger, 1.0, "who are you", "unknown-bridge"))
        found = (await client.get("/v1/bridges")).json()
    told = {(one["datapath_id"][-2:], one["host"], one["bridge"]) for one in found}
    assert told == {("01", "host1", ""), ("02", "host2", ""), ("aa", "", "br-int"), ("bb", "", "")}
    states = {one["datapath_id"][-2:]: one["state"] for one in found}
    assert states == {"01": "SYNCED", "02": "NEVER", "aa": "UNKNOWN", "bb": "UNKNOWN"}
    described = found[2]
    assert (described["fail_mode"], described["controllers"]) == ("secure", ["tcp:192.0.2.1:6653"])
    assert [port["iface_id"] for port in described["ports"]] == ["", "x"]
    assert found[3]["warnings"] == ["who are you"]
