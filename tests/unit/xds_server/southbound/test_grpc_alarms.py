import asyncio
import gc
import weakref

import pytest

from xds_server.southbound.grpc_alarms import Alarm, Alarms


class Caller:
    def __init__(self, alarms: Alarms, name: str, rung: list[str], again: int = 0) -> None:
        self.alarm: Alarm | None = None
        self._alarms = alarms
        self._name = name
        self._rung = rung
        self._again = again

    def ring(self) -> None:
        self._rung.append(self._name)
        if self._name == "sick":
            raise RuntimeError("sick")
        if self._again:
            self._again -= 1
            self._alarms.wake(self, 0.0)


async def _until(rung: list[str], length: int) -> None:
    async with asyncio.timeout(5):
        while len(rung) < length:
            await asyncio.sleep(0.001)


async def test_each_is_called_in_the_order_of_the_times() -> None:
    alarms, rung = Alarms(), list[str]()
    now = asyncio.get_running_loop().time()
    for name, after in (("c", 0.03), ("a", 0.01), ("b", 0.02)):
        alarms.wake(Caller(alarms, name, rung), now + after)
    await _until(rung, 3)
    assert rung == ["a", "b", "c"]


async def test_only_an_earlier_time_replaces_another() -> None:
    alarms, rung = Alarms(), list[str]()
    now = asyncio.get_running_loop().time()
    one = Caller(alarms, "one", rung)
    alarms.wake(one, now + 60)
    alarms.wake(one, now + 0.01)
    alarms.wake(one, now + 30)
    await _until(rung, 1)
    assert one.alarm is None
    alarms.wake(Caller(alarms, "other", rung), now + 0.03)
    await _until(rung, 2)
    assert rung == ["one", "other"]


async def test_equal_times_are_no_trouble() -> None:
    alarms, rung = Alarms(), list[str]()
    for name in "abc":
        alarms.wake(Caller(alarms, name, rung), 1.0)
    await _until(rung, 3)
    assert rung == ["a", "b", "c"]


async def test_who_wants_to_be_called_at_once_holds_up_nobody() -> None:
    alarms, rung = Alarms(), list[str]()
    alarms.wake(Caller(alarms, "eager", rung, again=5), 0.0)
    asyncio.get_running_loop().call_later(0.001, rung.append, "loop")
    await _until(rung, 7)
    assert rung.index("loop") < 6


async def test_a_forgotten_one_is_not_called() -> None:
    alarms, rung = Alarms(), list[str]()
    one = Caller(alarms, "one", rung)
    alarms.wake(one, 0.0)
    alarms.forget(one)
    alarms.forget(one)
    alarms.wake(Caller(alarms, "other", rung), 1.0)
    await _until(rung, 1)
    assert rung == ["other"]


async def test_nothing_is_kept_of_those_who_left_long_before_their_time() -> None:
    alarms, rung = Alarms(), list[str]()
    stays = Caller(alarms, "stays", rung)
    alarms.wake(stays, asyncio.get_running_loop().time() + 3600)
    gone = []
    for number in range(1000):
        one = Caller(alarms, str(number), rung)
        alarms.wake(one, asyncio.get_running_loop().time() + 1800)
        alarms.forget(one)
        gone.append(weakref.ref(one))
    del one
    gc.collect()
    assert sum(ref() is not None for ref in gone) <= 65
    assert stays.alarm is not None


async def test_nothing_is_kept_of_times_that_earlier_ones_replaced() -> None:
    alarms, rung = Alarms(), list[str]()
    one = Caller(alarms, "one", rung)
    now = asyncio.get_running_loop().time()
    for number in range(1000):
        alarms.wake(one, now + 3600 - number)
    assert len(alarms._heap) <= 66


async def test_an_error_of_one_keeps_nobody_from_being_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alarms, rung = Alarms(), list[str]()
    for name in ("sick", "well"):
        alarms.wake(Caller(alarms, name, rung), 1.0)
    await _until(rung, 2)
    assert rung == ["sick", "well"]
    assert "RuntimeError: sick" in caplog.text
