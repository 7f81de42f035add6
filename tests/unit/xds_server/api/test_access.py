from pathlib import Path

from tests.asking import asking, files


async def test_routes_see_the_controller_that_serves(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        told = (await client.get("/v1/status")).json()
        assert told["revision"] == controller.state.revision == 1
