from pathlib import Path

from tests.asking import asking, files
from translators.openflow.cookie import Cause, cookie
from translators.openflow.tables import Table
from xds_server.protocols.openflow.counters import Counters


async def test_an_explanation_names_rule_and_line(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        await client.post("/v1/apply", json={"files": files()})
        query = {"source": "web", "destination": "reviews", "method": "GET", "path": "/admin"}
        told = (await client.get("/v1/explain", params=query)).json()
        missing = await client.get("/v1/explain", params={**query, "source": "wbe"})
    assert (told["action"], told["layer"], told["rule"]) == ("deny", "proxy", "shop/reviews[0]")
    assert told["steps"][-1]["origin"] == "policies.yaml:11"
    assert missing.status_code == 404
    assert "did you mean" in missing.json()["error"]


async def test_rules_have_placement_and_hits(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        closed = next(r for r in controller.state.plan.rules if r.name == "shop/stock-closed[0]")
        met = {(Table.POLICY, cookie(Cause.RULE, closed.number)): (3, 180)}
        sinks.counters[1] = Counters(met)
        told = {rule["name"]: rule for rule in (await client.get("/v1/rules")).json()}
    assert told["shop/stock-closed[0]"]["packets"] == 3
    assert told["shop/stock-closed[0]"]["bytes"] == 180
    assert told["shop/reviews[0]"]["packets"] is None
    assert told["shop/reviews[0]"]["placements"][0]["layer"] == "proxy"
    assert told["shop/stock[0]"]["placements"][0]["saving"]
