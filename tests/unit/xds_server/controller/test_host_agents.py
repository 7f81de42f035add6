"""A host's agent is asked once for all who want to know, and its silence is said."""

import asyncio

import pytest

from xds_server.controller.host_agents import AgentAwayError, Answer, HostAgents, Sessions, Trace


def test_a_question_waits_for_the_agent_and_its_answer_comes_back() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        assert await agents.question("host1", 0) is None
        asking = asyncio.create_task(agents.ask("host1", Sessions((1, 2))))
        question = await agents.question("host1", 5)
        assert question is not None
        assert question.what == Sessions((1, 2))
        agents.answer("host1", question.number, Answer(left_off=7))
        assert (await asking).left_off == 7

    asyncio.run(scene())


def test_who_asks_at_once_shares_one_question() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host1", 0)
        both = [asyncio.create_task(agents.ask("host1", Sessions((1,)))) for _ in range(2)]
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
            await agents.ask("host1", Sessions(()))
        await agents.question("host1", 0)
        with pytest.raises(AgentAwayError, match="did not answer within"):
            await agents.ask("host1", Sessions(()), 0.01)
        asking = asyncio.create_task(agents.ask("host1", Sessions(())))
        await asyncio.sleep(0)
        question = await agents.question("host1", 1)
        assert question is not None
        agents.answer("host1", question.number, Answer(error="no ovs-vswitchd runs"))
        with pytest.raises(AgentAwayError, match="no ovs-vswitchd runs"):
            await asking
        now = 61.0
        with pytest.raises(AgentAwayError, match="has no agent"):
            await agents.ask("host1", Sessions(()))

    asyncio.run(scene())


def test_a_late_answer_is_nobodys() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        agents.answer("host1", 99, Answer())
        with pytest.raises(AgentAwayError, match="did not answer"):
            await agents.ask("host1", Sessions(()), 0.01)

    asyncio.run(scene())


def test_different_questions_wait_for_each_other_and_none_is_lost() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host1", 0)
        whats = (Sessions((1,)), Trace("br-int", "ip", ("new",)), Sessions((2,)))
        asking = [asyncio.create_task(agents.ask("host1", what)) for what in whats]
        await asyncio.sleep(0)
        for what in whats:
            question = await agents.question("host1", 5)
            assert question is not None
            assert question.what == what
            agents.answer("host1", question.number, Answer(text=str(what)))
        assert await agents.question("host1", 0) is None
        assert [answer.text for answer in await asyncio.gather(*asking)] == [*map(str, whats)]

    asyncio.run(scene())


def test_a_host_that_never_answers_has_a_bounded_queue() -> None:
    async def scene() -> None:
        agents = HostAgents(lambda: 0.0)
        await agents.question("host1", 0)
        for zone in range(40):
            with pytest.raises(AgentAwayError):
                await agents.ask("host1", Sessions((zone,)), 0)
        asked = [await agents.question("host1", 0) for _ in range(40)]
        assert [one.what for one in asked if one] == [Sessions((z,)) for z in range(24, 40)]

    asyncio.run(scene())


def test_who_cannot_trace_is_told_what_would() -> None:
    with pytest.raises(AgentAwayError, match="could trace a packet through its bridge, run"):
        asyncio.run(HostAgents(lambda: 0.0).ask("host1", Trace("br-int", "ip", ())))
