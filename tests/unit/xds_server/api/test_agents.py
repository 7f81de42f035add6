import asyncio
from pathlib import Path

from tests.asking import asking, files
from tests.waiting import PATIENCE


async def test_a_switch_gets_its_configuration_and_then_waits(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        told = (await client.get("/v1/switches/leaf1/config")).json()
        again = await client.get(f"/v1/switches/leaf1/config?version={told['version']}&wait=0.05")
    assert told["switch"] == "leaf1"
    assert "router bgp 65001" in told["frr"]
    assert again.status_code == 204
    assert again.content == b""


async def test_a_poll_is_answered_by_the_next_change(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        version = (await client.get("/v1/switches/leaf1/config")).json()["version"]
        poll = asyncio.create_task(
            client.get(f"/v1/switches/leaf1/config?version={version}&wait=30")
        )
        await asyncio.sleep(0.05)
        changed = [{**one, "text": one["text"].replace("65001", "65009")} for one in files()]
        await client.post("/v1/apply", json={"files": changed})
        told = (await asyncio.wait_for(poll, PATIENCE)).json()
    assert "router bgp 65009" in told["frr"]


async def test_reports_become_the_switchs_state(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        version = (await client.get("/v1/switches/leaf1/config")).json()["version"]

        async def state(**report: object) -> str:
            answer = await client.post(
                "/v1/switches/leaf1/report", json={"version": version, **report}
            )
            assert answer.status_code == 204
            told = (await client.get("/v1/status")).json()["devices"]
            return str(next(d["state"] for d in told if d["device"] == "switch/leaf1"))

        assert await state(state="failed", reason="no", line="x") == "NACKED"
        assert await state(state="applied", written=3, detail="FRR 8.4") == "SYNCED"
        assert await state(state="running") == "SYNCED"
        assert controller.state.revision == 1


async def test_unknown_switches_and_hosts_are_not_found(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        for path in ("/v1/switches/leaf9/config", "/v1/hosts/host9"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert "none yet" in answer.json()["error"]
        bad = await client.post("/v1/switches/leaf9/report", json={"state": "odd", "version": ""})
        assert bad.status_code == 422


async def test_a_host_learns_what_it_carries(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        told = (await client.get("/v1/hosts/host1")).json()
    assert (told["bridge"], told["datapath_id"], told["tunnel"]) == ("br-int", 1, "10.255.1.2/30")
    workloads = {one["name"]: one for one in told["workloads"]}
    assert set(workloads) == {"shop/web", "shop/reviews-2", "rival/spy"}
    assert workloads["shop/web"]["gateways"] == ["10.10.0.1", "fd10:10::1"]
    assert workloads["shop/web"]["mtu"] == 1400
