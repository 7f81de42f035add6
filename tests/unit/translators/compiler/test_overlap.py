from dataclasses import replace
from typing import Any

import pytest

from translators.compiler.overlap import Reach, covered, overlapping
from translators.plan.model import Action, HttpMatch, Origin, PortRange, Rule, Transport


def reach(**fields: Any) -> Reach:
    rule = Rule(
        "t/p[0]",
        1,
        "t",
        Action.ALLOW,
        ("a",),
        ("b",),
        ("s",),
        Transport(),
        None,
        None,
        None,
        Origin("f", 1),
    )
    return Reach.of(replace(rule, **fields), 0)


def ports(*spans: tuple[int, int]) -> dict[str, Transport]:
    return {"transport": Transport(None, 6, tuple(PortRange(*span) for span in spans))}


@pytest.mark.parametrize(
    ("inner", "outer", "within", "meet"),
    [
        ({}, {}, True, True),
        ({"sources": ("a",)}, {"sources": ("a", "x")}, True, True),
        ({"sources": ("a", "x")}, {}, False, True),
        ({"sources": ("x",)}, {}, False, False),
        ({"endpoints": ("x",)}, {}, False, True),
        ({"endpoints": ("x",), "services": ()}, {}, False, False),
        ({"transport": Transport(4)}, {}, True, True),
        ({}, {"transport": Transport(4)}, False, True),
        ({"transport": Transport(6)}, {"transport": Transport(4)}, False, False),
        ({"transport": Transport(None, 17)}, ports((1, 9)), False, False),
        (ports((2, 3), (5, 6)), ports((1, 3), (5, 9)), True, True),
        (ports((2, 5)), ports((1, 3), (5, 9)), False, True),
        ({"transport": Transport(None, 6)}, ports((1, 9)), False, True),
        (ports((10, 11)), ports((1, 9)), False, False),
        ({"http": HttpMatch(methods=("GET",))}, {}, True, False),
        ({"http": HttpMatch(methods=("GET",))}, {"http": HttpMatch()}, True, False),
        ({}, {"http": HttpMatch()}, False, False),
    ],
)
def test_within_and_meeting(
    inner: dict[str, Any], outer: dict[str, Any], within: bool, meet: bool
) -> None:
    assert covered(reach(**inner), reach(**outer)) is within
    assert overlapping(reach(**inner), reach(**outer)) is meet
    assert overlapping(reach(**outer), reach(**inner)) is meet
