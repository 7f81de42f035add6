import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import pytest

from integration.demo.run import PROOFS
from integration.scenarios import explained, fabric, isolation, requests, survival
from integration.scenarios.catalogue import LASTING, MOVING

SHARED = (*LASTING.values(), *MOVING.values())


def claims(module: ModuleType) -> set[str]:
    """The public functions that return a Row."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [(name, one) for name, one in found if one.__module__ == module.__name__]
    return {n for n, one in own if inspect.get_annotations(one).get("return") == "Row"}


def tried(given: Iterable[Callable[..., Any]]) -> set[str]:
    """The names of these functions, and of what they call."""
    return {name for one in given for name in (one.__name__, *one.__code__.co_names)}


@pytest.mark.parametrize("module", [explained, fabric, isolation, requests, survival])
def test_there_is_no_claim_that_nobody_tries(module: ModuleType) -> None:
    assert claims(module)
    assert claims(module) <= tried([*SHARED, *(proof for _, proof in PROOFS)])


def test_what_kills_a_part_of_a_bed_is_not_shared() -> None:
    assert not tried(SHARED) & {"server_killed", "spine_lost"}
