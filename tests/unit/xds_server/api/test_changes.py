from pathlib import Path

from tests.asking import asking, files
from xds_server.controller.errors import MachineError
from xds_server.snapshots.model import Snapshot


async def test_apply_answers_revision_changes_and_devices(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        told = (await client.post("/v1/apply", json={"files": files(), "author": "ann"})).json()
    assert (told["revision"], told["stored"]) == (1, True)
    assert len(told["changes"]) == 26
    assert "proxy/host1" in {device["device"] for device in told["devices"]}


async def test_a_refusal_lists_every_finding_with_its_line(tmp_path: Path) -> None:
    bad = {"name": "bad.yaml", "text": "\nkind: Polcy\n---\nkind: Host\nmetadta: {}\n"}
    async with asking(tmp_path) as (client, controller, _):
        answer = await client.post("/v1/apply", json={"files": [*files(), bad]})
        assert await controller.repository.head() == 0
    assert answer.status_code == 422
    found = answer.json()["diagnostics"]
    assert {d["file"] for d in found} == {"bad.yaml"}
    assert {2, 5} <= {d["line"] for d in found}
    assert all(d["code"].startswith("FS") and d["mend"] for d in found)


async def test_diff_stores_nothing(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        told = (await client.post("/v1/diff", json={"files": files()})).json()
        assert told["changes"]
        assert not told["stored"]
        assert await controller.repository.head() == 0


async def test_delete_wants_names_or_all(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        assert (await client.post("/v1/delete", json={})).status_code == 400
        both = {"keys": ["host/host1"], "all": True}
        assert (await client.post("/v1/delete", json=both)).status_code == 400
        unknown = await client.post("/v1/delete", json={"keys": ["host/none"]})
        assert unknown.status_code == 404
        gone = await client.post("/v1/delete", json={"keys": ["policy/shop/reviews"]})
        assert gone.json()["changes"][0]["change"] == "removed"
        told = (await client.post("/v1/delete", json={"all": True})).json()
        assert told["revision"] == 3
        assert controller.holds.documents == {}


async def test_rollback_makes_a_new_revision(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        await client.post("/v1/delete", json={"keys": ["policy/shop/reviews"]})
        told = (await client.post("/v1/rollback", json={"revision": 1})).json()
        assert told["revision"] == 3
        assert (await client.get("/v1/revisions/3")).json()["message"] == "roll back to revision 1"


async def test_pruning_everything_away_is_refused(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        answer = await client.post("/v1/apply", json={"files": [], "prune": True})
    assert answer.status_code == 400
    assert "delete --all" in answer.json()["error"]


def many(count: int) -> dict[str, str]:
    url = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    rows = "".join(f'    - {{"@type": {url}, cluster_name: c{n}}}\n' for n in range(count))
    head = "apiVersion: fsdn/v1\nkind: EnvoyResource\nmetadata: {name: many}\nspec:\n  resources:\n"
    return {"name": "many.yaml", "text": head + rows}


async def test_a_proxy_does_not_shrink_by_accident(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": [*files(), many(90)]})
        less = {"files": [many(20)]}
        refused = await client.post("/v1/apply", json=less)
        assert refused.status_code == 400
        assert "--allow-shrink" in refused.json()["error"]
        assert controller.state.revision == 1
        assert (await client.post("/v1/diff", json=less)).json()["changes"]
        meant = await client.post("/v1/apply", json={**less, "allow_shrink": True})
        assert meant.json()["revision"] == 2
        gone = await client.post("/v1/delete", json={"keys": ["envoyresource/many"]})
        assert gone.json()["revision"] == 3


class _NoEnvoy:
    budget: float | None = None

    async def judge(self, node: str, snapshot: Snapshot) -> None:
        raise MachineError("cannot run envoy, check --envoy")


async def test_an_envoy_that_cannot_be_run_is_not_called_a_bug(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        controller.judge = _NoEnvoy()
        answer = await client.post("/v1/apply", json={"files": files()})
        assert answer.status_code == 503
        assert answer.json()["error"] == "cannot run envoy, check --envoy"
        assert controller.state.revision == 0
