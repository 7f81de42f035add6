"""Rates, bursts and marks as authors write them, and what is wrong with others."""

import pytest
from pydantic import ValidationError

from translators.policy.shaping import Shaping


@pytest.mark.parametrize(
    ("given", "rate", "burst", "dscp"),
    [
        ({"rate": "100Mbps", "burst": "10Mb", "dscp": "af21"}, 100_000, 10_000, 18),
        ({"rate": "1.5Gbps"}, 1_500_000, None, None),
        ({"rate": "64kbps", "dscp": 0}, 64, None, 0),
        ({"dscp": "EF"}, None, None, 46),
        ({"dscp": "cs7"}, None, None, 56),
    ],
)
def test_what_is_read(
    given: dict[str, object], rate: int | None, burst: int | None, dscp: int | None
) -> None:
    shape = Shaping.model_validate(given)
    assert (shape.rate, shape.burst, shape.dscp) == (rate, burst, dscp)


def test_a_queue_is_asked_for() -> None:
    assert Shaping.model_validate({"rate": "1Mbps", "queue": True}).queue
    assert not Shaping.model_validate({"rate": "1Mbps"}).queue


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "neither rate nor dscp"),
        ({"burst": "1Mb", "dscp": 1}, "a burst needs a rate"),
        ({"queue": True, "dscp": 1}, "a queue needs a rate"),
        ({"queue": "yes", "rate": "1Mbps"}, "valid boolean"),
        ({"rate": "100MBps"}, "is not a rate"),
        ({"rate": 100}, "is not a rate"),
        ({"rate": "0kbps"}, "out of range"),
        ({"rate": "9000Gbps"}, "out of range"),
        ({"rate": "1Mbps", "burst": "1MB"}, "is not an amount of bits"),
        ({"dscp": 64}, "is not a DSCP"),
        ({"dscp": True}, "is not a DSCP"),
        ({"dscp": "gold"}, "is not a DSCP"),
    ],
)
def test_what_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Shaping.model_validate(given)
