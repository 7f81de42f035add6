import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.waiting import eventually
from xds_server import cycles
from xds_server.cycles import collect_at_rest, collect_rarely


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_loaded_is_left_alone_and_the_rest_looked_at_rarely() -> None:
    before = gc.get_threshold()
    loaded = [[] for _ in range(1000)]
    collect_rarely()
    assert gc.get_freeze_count() >= len(loaded)
    assert gc.get_threshold() > before


def test_cycles_that_come_later_are_still_found() -> None:
    collect_rarely()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1


class _Knot:
    def __init__(self) -> None:
        self.self = self


async def _finds_a_knot(busy: bool) -> bool:
    """Whether it is found; none but the task looks for cycles meanwhile."""
    gc.disable()
    knot = weakref.ref(_Knot())
    kept: list[list[int]] = [[] for _ in range(1000)]
    working = asyncio.create_task(collect_at_rest(lambda: busy))
    if busy:
        await asyncio.sleep(0.1)
    else:
        await eventually(lambda: knot() is None)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    gc.enable()
    assert kept
    return knot() is None


async def test_at_rest_what_is_new_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "_PAUSE", 0.01)
    monkeypatch.setattr(cycles, "_AT_REST", 100)
    assert await _finds_a_knot(busy=False)
    assert not await _finds_a_knot(busy=True)  # a change on its way is not held up
