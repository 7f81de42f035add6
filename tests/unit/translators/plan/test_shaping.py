"""A shape is a value: equal content is equal, and it has an order."""

from translators.plan.shaping import Shaping


def test_shapes_are_values() -> None:
    assert Shaping(10, 2) == Shaping(10, 2, None, queue=False)
    assert sorted([Shaping(10, 2, 8), Shaping(2, 1, 8)])[0].rate == 2
