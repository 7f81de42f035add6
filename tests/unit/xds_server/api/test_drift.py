from pathlib import Path

from tests.asking import asking, files
from tests.devices.ovs_bridge import flow
from xds_server.protocols.openflow.drift import Deviation, Kind
from xds_server.snapshots.evidence import Device, DeviceKind, PortsChanged

PORTS = {"web": 1, "reviews-2": 2, "spy": 3}


async def test_hosts_are_compared_and_mended_one_by_one(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        controller.feed(PortsChanged(Device(DeviceKind.BRIDGE, "host1"), 1.0, PORTS))
        sinks.deviations[1] = (Deviation(Kind.LEFT, flow(1)),)
        both = (await client.get("/v1/drift")).json()
        assert [(one["host"], one["seen"]) for one in both] == [
            ("host1", "compared"),
            ("host2", "away"),
        ]
        assert [d["kind"] for d in both[0]["differences"]] == ["left over"]
        sinks.deviations[1] = ()
        mended = (await client.post("/v1/drift", json={"host": "host1"})).json()
        assert [(one["host"], one["differences"]) for one in mended] == [("host1", [])]
        assert sinks.resynced == [(1, True)]
        assert (await client.get("/v1/drift?host=nobody")).status_code == 404
        assert (await client.post("/v1/drift", json={"all": True})).status_code == 422
