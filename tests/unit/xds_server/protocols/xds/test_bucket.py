import pytest

from xds_server.protocols.xds.bucket import Bucket, Rate


def test_a_burst_is_free_and_then_everyone_waits_their_turn() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=3.0), now=100.0)
    assert [bucket.take(100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert bucket.take(100.4) == 0.0
    assert bucket.take(100.4) == 0.0
    assert bucket.take(100.4) == pytest.approx(0.1)


def test_a_pause_earns_no_more_than_a_burst() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=2.0), now=0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [0.0, 0.0, 0.1]


def test_a_clock_that_is_set_back_earns_nothing() -> None:
    bucket = Bucket(Rate(per_second=10.0, burst=1.0), now=100.0)
    assert bucket.take(50.0) == 0.0
    assert bucket.take(50.0) == 0.1
