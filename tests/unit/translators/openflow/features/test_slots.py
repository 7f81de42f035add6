"""Weights fit into the hash values that a group has."""

import pytest

from translators.openflow.features.slots import SLOTS, slotted


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
