from pathlib import Path

from tests.asking import asking, files
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, Nacked, Warned

PROXY = Device(DeviceKind.PROXY, "host1")
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"


async def test_objects_are_filtered_and_come_back_as_written(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        everything = (await client.get("/v1/objects")).json()
        one = (await client.get("/v1/objects?kind=policy&tenant=shop&name=stock")).json()
    assert len(everything) == 26
    assert [found["key"] for found in one] == ["policy/shop/stock"]
    assert one[0]["source"].strip().endswith("action: allow")


async def test_objects_of_an_earlier_revision(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        await client.post("/v1/delete", json={"keys": ["policy/shop/stock"]})
        assert len((await client.get("/v1/objects?kind=Policy")).json()) == 2
        assert len((await client.get("/v1/objects?kind=Policy&revision=1")).json()) == 3
        assert (await client.get("/v1/objects?revision=9")).status_code == 404


async def test_status_says_why_a_device_refused(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        controller.feed(Connected(PROXY, 1.0, "envoy"))
        wanted = controller.state.status.of(PROXY).types[LISTENER].wanted
        controller.feed(Nacked(PROXY, LISTENER, wanted, 2.0, "bad port", "l", "a.yaml:3"))
        controller.feed(Warned(PROXY, 3.0, "slow", "pace"))
        told = (await client.get("/v1/status")).json()
    device = next(d for d in told["devices"] if d["device"] == "proxy/host1")
    kind = next(t for t in device["types"] if t["type"] == LISTENER)
    assert (kind["state"], kind["reason"], kind["origin"]) == ("NACKED", "bad port", "a.yaml:3")
    assert device["warnings"] == ["slow"]
    assert {d["state"] for d in told["devices"]} == {"NACKED", "NEVER"}


async def test_a_revision_tells_how_far_it_came_on_each_device(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        controller.feed(Connected(PROXY, 1.0))
        current = (await client.get("/v1/revisions/1")).json()["devices"]
        await client.post("/v1/delete", json={"keys": ["policy/shop/stock"]})
        await controller.ledger.tick(controller.state)
        earlier = (await client.get("/v1/revisions/1")).json()["devices"]
    assert {d["device"]: d["reach"] for d in current}["proxy/host1"] == "pending"
    assert {d["device"]: d["reach"] for d in earlier}["proxy/host1"] == "superseded"
    assert {d["reach"] for d in earlier if d["device"] != "proxy/host1"} == {"absent"}


async def test_waiting_says_who_is_outstanding(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        controller.feed(Connected(PROXY, 1.0))
        await client.post("/v1/apply", json={"files": files()})
        compiled = (await client.get("/v1/revisions/1/wait?level=compiled&timeout=5")).json()
        acked = (await client.get("/v1/revisions/1/wait?timeout=0.01")).json()
        assert (await client.get("/v1/revisions/2/wait?timeout=0.01")).status_code == 404
    assert compiled["reached"]
    assert not acked["reached"]
    assert acked["outstanding"] == ["proxy/host1 STALE"]
    assert "bridge/host2" in acked["absent"]


async def test_history_is_newest_first(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files(), "author": "ann", "message": "why"})
        await client.post("/v1/delete", json={"keys": ["policy/shop/stock"], "author": "bob"})
        told = (await client.get("/v1/revisions")).json()
        assert len((await client.get("/v1/revisions?limit=1")).json()) == 1
    assert [(one["revision"], one["author"]) for one in told] == [(2, "bob"), (1, "ann")]
    assert told[0]["changes"] == [["removed", "policy/shop/stock"]]
