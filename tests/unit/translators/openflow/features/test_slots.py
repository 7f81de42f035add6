"""Weights fit into the hash values that a group has."""

import pytest

from translators.openflow.features.slots import SLOTS, repeated, slotted


@pytest.mark.parametrize("weights", [(), (1,), (7, 3), (90, 10), (255, 1), (2,) * 128])
def test_what_fits_stays(weights: tuple[int, ...]) -> None:
    assert slotted(weights) == weights


@pytest.mark.parametrize("weights", [(256, 1), (65535, 1, 1), (1, *range(1, 100)), (9999, 1, 5000)])
def test_what_does_not_fit_comes_near_and_leaves_nobody_out(weights: tuple[int, ...]) -> None:
    found = slotted(weights)
    assert min(found) == 1
    assert sum(found) <= SLOTS
    total = sum(weights)
    for given, made in zip(weights, found, strict=True):
        assert abs(made / sum(found) - given / total) < len(weights) / SLOTS + 1 / SLOTS


@pytest.mark.parametrize(
    ("weights", "buckets"),
    [((), ()), ((1, 1), (1, 1)), ((9, 1), (9, 1)), ((1000, 999), (127, 126)), ((999, 1), (253, 1))],
)
def test_buckets_that_weigh_the_same_stand_for_weights(
    weights: tuple[int, ...], buckets: tuple[int, ...]
) -> None:
    assert repeated(weights) == buckets


def test_more_endpoints_than_hash_values_have_a_bucket_each() -> None:
    assert repeated((1,) * 300) == (1,) * 300
    assert repeated((2, 1) * 200) == (1,) * 400
