from pathlib import Path

from tests.asking import asking
from translators.envoy.resources import CLUSTER
from xds_server.api.sources import Sources
from xds_server.folders import resource_folder
from xds_server.protocols.reports.health_table import HealthTable


async def test_folders_are_shown_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "resources"
    (folder / "n").mkdir(parents=True)
    file = folder / "n" / "a.yaml"
    file.write_text(f"'@type': {CLUSTER}\nname: a\n")
    sources = Sources()
    async with asking(tmp_path, sources=sources) as (client, controller, _):
        assert (await client.get("/v1/folders")).json() == []
        assert (await client.post("/v1/folders/resources/reload")).status_code == 404
        sources.folders.resources = resource_folder(folder, controller, HealthTable())
        told = (await client.post("/v1/folders/resources/reload")).json()
        assert (told["name"], told["state"], told["count"]) == ("resources", "served", 1)
        [cause] = (await client.get("/v1/proxies/n/explain", params={"name": "a"})).json()
        assert (cause["object"], cause["text"]) == ("folder of resources", "name: a")
        assert cause["origin"] == [f"{file}:2"]
        file.write_text("nme: a\n")
        refused = await client.post("/v1/folders/resources/reload")
        assert refused.status_code == 422
        [shown] = (await client.get("/v1/folders")).json()
        assert (shown["state"], shown["count"]) == ("refused", 1)
        assert shown["findings"][0]["file"] == str(file)
        file.unlink()
        lost = await client.post("/v1/folders/resources/reload")
        assert lost.status_code == 400
        assert "--allow-shrink" in lost.json()["error"]
        path = "/v1/folders/resources/reload?allow_shrink=true"
        assert (await client.post(path)).json()["count"] == 0
