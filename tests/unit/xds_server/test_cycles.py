import gc
from collections.abc import Iterator

import pytest

from xds_server.cycles import collect_rarely


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
