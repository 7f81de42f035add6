from pathlib import Path

from tests.asking import asking, files
from xds_server.protocols.xds.resource_types import CLUSTER
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind, Nacked

PROXY = Device(DeviceKind.PROXY, "host1")


async def test_every_proxy_is_listed_with_what_it_said(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        controller.feed(Connected(PROXY, 5.0, "envoy 1.40, delta, ipv4:10.0.0.1:5"))
        wanted = sinks.snapshots["host1"].version(CLUSTER)
        controller.feed(Acked(PROXY, CLUSTER, wanted, 6.0))
        controller.feed(Nacked(PROXY, CLUSTER, "bad", 7.0, "too odd"))
        told = (await client.get("/v1/proxies")).json()
    first = next(one for one in told if one["node"] == "host1")
    assert first["device"]["detail"].endswith("ipv4:10.0.0.1:5")
    clusters = next(kind for kind in first["sent"] if kind["type"] == CLUSTER)
    assert (clusters["acked"], clusters["nacked"], clusters["at"]) == (wanted, "bad", 7.0)


async def test_resources_are_shown_with_origin_and_acknowledgement(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        held = sinks.snapshots["host1"]
        controller.feed(Connected(PROXY, 5.0))
        controller.feed(Acked(PROXY, CLUSTER, held.version(CLUSTER), 6.0))
        told = (await client.get("/v1/proxies/host1/resources")).json()
        some = await client.get("/v1/proxies/host1/resources", params={"type": CLUSTER})
        unknown = await client.get("/v1/proxies/nobody/resources")
    assert len(told) == sum(len(named) for named in held.resources.values())
    assert {one["type"] for one in some.json()} == {CLUSTER}
    assert {one["acked"] for one in told if one["type"] == CLUSTER} == {True}
    assert not all(one["acked"] for one in told)
    assert all(".yaml:" in one["origin"] for one in told)
    assert unknown.status_code == 404


async def test_a_resource_is_explained_by_its_line_and_its_neighbours(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, sinks):
        await client.post("/v1/apply", json={"files": files()})
        name = next(iter(sinks.snapshots["host1"].of(CLUSTER)))
        told = (await client.get("/v1/proxies/host1/explain", params={"name": name})).json()
        unknown = await client.get("/v1/proxies/host1/explain", params={"name": "nothing"})
    cause = next(one for one in told if one["type"] == CLUSTER)
    assert cause["object"].startswith("service/shop/")
    assert cause["text"]
    assert any(user.startswith("RouteConfiguration ") for user in cause["used_by"])
    assert cause["uses"] == [f"ClusterLoadAssignment {name}"]
    assert unknown.status_code == 404
