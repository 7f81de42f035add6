"""A host's agent is asked once for all who want to know, and its silence is said."""

import asyncio

import pytest

from xds_server.controller.host_agents import AgentAwayError, Answer, HostAgents


def test_a_question_waits_for_the_agent_and_its_answer_comes_back() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        assert await agents.question("host1", 0) is None
        asking = asyncio.create_task(agents.ask("host1", (1, 2)))
        question = await agents.question("host1", 5)
        assert question is not None
        assert question.zones == (1, 2)
        agents.answer("host1", question.number, Answer(left_off=7))
        assert (await asking).left_off == 7

    asyncio.run(scene())


def test_who_asks_at_once_shares_one_question() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host1", 0)
        both = [asyncio.create_task(agents.ask("host1", (1,))) for _ in range(2)]
        await asyncio.sleep(0)
        question = await agents.question("host1", 5)
        assert question is not None
        assert await agents.question("host1", 0) is None
        agents.answer("host1", question.number, Answer())
        assert await asyncio.gather(*both) == [Answer(), Answer()]

    asyncio.run(scene())


def test_an_absent_a_slow_and_a_failing_agent_are_told_apart() -> None:
    async def scene() -> None:
        now = 0.0
        agents = HostAgents(lambda: now)
        with pytest.raises(AgentAwayError, match="has no agent"):
            await agents.ask("host1", ())
        await agents.question("host1", 0)
        with pytest.raises(AgentAwayError, match="did not answer within"):
            await agents.ask("host1", (), 0.01)
        asking = asyncio.create_task(agents.ask("host1", ()))
        await asyncio.sleep(0)
        question = await agents.question("host1", 1)
        assert question is not None
        agents.answer("host1", question.number, Answer(error="no ovs-vswitchd runs"))
        with pytest.raises(AgentAwayError, match="no ovs-vswitchd runs"):
            await asking
        now = 61.0
        with pytest.raises(AgentAwayError, match="has no agent"):
            await agents.ask("host1", ())

    asyncio.run(scene())


def test_a_late_answer_is_nobodys() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        agents.answer("host1", 99, Answer())
        with pytest.raises(AgentAwayError, match="did not answer"):
            await agents.ask("host1", (), 0.01)

    asyncio.run(scene())
