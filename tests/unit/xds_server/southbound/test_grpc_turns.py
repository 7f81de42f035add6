import asyncio

from xds_server.southbound.grpc_turns import Turns


async def test_others_have_their_turn_while_many_are_told() -> None:
    told: list[str] = []
    turns = Turns(told.append, turn=0.0)  # one a turn
    for number in range(100):
        turns.add(str(number))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(told) < 10, "everybody was told before anything else could run"
    while len(told) < 100:
        await asyncio.sleep(0)
    assert told == [str(number) for number in range(100)]


async def test_a_node_is_told_once_a_turn_and_not_when_dropped() -> None:
    told: list[str] = []
    turns = Turns(told.append)
    for node in ("a", "b", "a"):
        turns.add(node)
    turns.drop("b")
    await asyncio.sleep(0.01)
    assert told == ["a"]
    turns.add("a")
    await asyncio.sleep(0.01)
    assert told == ["a", "a"]
    turns.add("c")
    turns.stop()
    await asyncio.sleep(0.01)
    assert told == ["a", "a"]


async def test_an_error_with_one_is_reported_and_the_others_are_told() -> None:
    told: list[str] = []
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))

    def tell(node: str) -> None:
        if node == "bad":
            raise ValueError(node)
        told.append(node)

    turns = Turns(tell)
    for node in ("a", "bad", "b"):
        turns.add(node)
    await asyncio.sleep(0.01)
    assert told == ["a", "b"]
    assert len(reported) == 1
