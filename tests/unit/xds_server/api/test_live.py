"""Real tables come beside the predicted ones, with their cookies in the words of the policy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.asking import asking, files
from tests.traces import printed
from translators.openflow.frames import synthetic_ports
from translators.openflow.live import World, probe
from translators.openflow.simulate import simulate
from xds_server.api.asking import Asked, asked_packet
from xds_server.controller.host_agents import Trace
from xds_server.controller.service import Controller

QUERY = {"source": "reviews-2", "destination": "stock", "protocol": "tcp", "port": 80}


class Near:
    """Vswitches that print what they were told to."""

    def __init__(self, text: str) -> None:
        self.text = text

    def knows(self, host: str) -> bool:
        return True

    async def trace(self, host: str, asked: Trace) -> str:
        return self.text


def _connected(controller: Controller) -> str:
    """Let the bridges' ports be known; return what the first does with the denied connection."""
    plan = controller.state.plan
    ports = {name: synthetic_ports(plan, name) for name in plan.host}
    controller.state = replace(controller.state, ports=ports)
    asked = probe(World(plan, ports), asked_packet(plan, Asked.model_validate(QUERY)))
    return printed(simulate(asked.program, asked.frame))


async def test_equal_tables_name_rule_and_line(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        controller.tracer.near = Near(_connected(controller))
        told = (await client.get("/v1/explain/live", params=QUERY)).json()
    assert told["explanation"]["action"] == "deny"
    assert (told["same"], told["established"]) == (True, False)
    (bridge,) = told["bridges"]
    assert (bridge["device"], bridge["real"], bridge["difference"]) == (
        "host1/br-int",
        "dropped",
        "",
    )
    last = bridge["rows"][-1]
    assert (last["stage"], last["real"]["rule"]) == ("POLICY", "shop/stock-closed[0]")
    assert last["real"]["origin"].startswith("policies.yaml:")
    assert last["predicted"]["flow"].endswith("actions=drop")


async def test_a_difference_names_both_flows(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        text = _connected(controller)
        head, _, tail = text.rpartition(", cookie 0x")
        controller.tracer.near = Near(f"{head}, cookie 0xbad\n{tail.partition(chr(10))[2]}")
        foreign = (await client.get("/v1/explain/live", params=QUERY)).json()
        controller.tracer.near = Near(
            f"{text.replace('Final', '41. No match.' + chr(10) + 'Final')}"
        )
        further = (await client.get("/v1/explain/live", params=QUERY)).json()
        controller.tracer.near = Near(text.replace("actions: drop", "actions: 7"))
        elsewhere = (await client.get("/v1/explain/live", params=QUERY)).json()
    said = foreign["bridges"][0]["difference"]
    assert not foreign["same"]
    assert said.startswith("table 20 (POLICY) should apply shop/stock-closed[0] (policies.yaml:")
    assert "and applies what is not ours (cookie=0xbad,table=20" in said
    assert further["bridges"][0]["difference"] == (
        "the packet comes to table 41 (COPY), where what is not ours (no flow matches) is met"
    )
    assert elsewhere["bridges"][0]["difference"] == (
        "should end with dropped, but ends with datapath actions 7"
    )


async def test_what_cannot_be_asked_has_its_code_and_sentence(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        await client.post("/v1/apply", json={"files": files()})
        unknown = await client.get("/v1/explain/live", params=QUERY)
        _connected(controller)
        away = await client.get("/v1/explain/live", params=QUERY)
        stands = await client.get("/v1/explain/live", params={**QUERY, "established": True})
        nobody = await client.get("/v1/explain/live", params={**QUERY, "source": "nobody"})
    codes = [answer.status_code for answer in (unknown, away, stands, nobody)]
    assert codes == [400, 503, 400, 404]
    assert "ports of host host1's bridge are not known yet" in unknown.json()["error"]
    assert "has no agent that could trace" in away.json()["error"]
    assert "would commit no such connection" in stands.json()["error"]
