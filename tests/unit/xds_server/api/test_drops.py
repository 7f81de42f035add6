from pathlib import Path

from tests.asking import asking, files
from translators.openflow.cookie import Cause, cookie
from translators.openflow.tables import Table
from xds_server.protocols.openflow.counters import Counters


async def test_drops_have_cause_stage_and_line(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, sinks):
        await client.post("/v1/apply", json={"files": files()})
        identity = controller.state.plan.endpoint["shop/web"].identity
        sinks.counters[1] = Counters({(Table.SPOOF, cookie(Cause.SPOOFED, identity)): (3, 180)})
        one, other = (await client.get("/v1/drops")).json()
        assert (one["host"], one["counted"]) == ("host1", True)
        (drop,) = one["drops"]
        assert (drop["cause"], drop["stage"], drop["subject"]) == (
            "spoofed-source",
            "spoof(1)",
            "shop/web",
        )
        assert (drop["packets"], drop["bytes"], drop["dropped"]) == (3, 180, True)
        assert drop["origin"].split(":")[0].endswith(".yaml")
        assert (other["host"], other["counted"], other["drops"]) == ("host2", False, [])
        assert [h["host"] for h in (await client.get("/v1/drops?host=host2")).json()] == ["host2"]
        missing = await client.get("/v1/drops?host=nobody")
    assert missing.status_code == 404
    assert "no host nobody is declared" in missing.json()["error"]
