"""Queues are values."""

from xds_server.snapshots.queues import PortQueue


def test_queues_are_equal_by_content_and_sort_by_number() -> None:
    one = PortQueue(5, 1000, 200, "shop/p[0]")
    assert one == PortQueue(5, 1000, 200, "shop/p[0]", None)
    assert sorted([one, PortQueue(4, 9000, 1, "shop/p[1]")])[1] is one
