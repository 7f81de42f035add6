from xds_server.protocols.workers.quota import Quota


def test_below_the_limit_nobody_is_told_anything() -> None:
    found = Quota(4)
    assert found.counted(1, 2) == {}
    assert found.counted(2, 1) == {}
    assert found.total == 3
    assert found.held == {1: 2, 2: 1}


def test_at_the_limit_each_worker_has_a_share_and_who_goes_over_ends_some() -> None:
    found = Quota(4)
    found.counted(1, 2)
    assert found.counted(2, 3) == {1: 2, 2: 2}
    assert found.counted(1, 3) == {}  # it has been told meanwhile
    assert found.counted(2, 2) == {}
    assert found.counted(3, 1) == {3: 0}
    assert found.counted(3, 0) == {}
    assert found.counted(1, 2) == {}
    assert found.total == 4


def test_what_becomes_free_is_divided_and_far_below_the_limit_nobody_is_bound() -> None:
    found = Quota(6)
    found.counted(1, 3)
    assert found.counted(2, 3) == {1: 3, 2: 3}
    assert found.counted(1, 2) == {}  # one is free, and stays with whom it was
    assert found.counted(1, 1) == {1: 2, 2: 4}
    assert found.counted(2, 2) == {1: 6, 2: 6}
    assert found.counted(2, 5) == {1: 1, 2: 5}
    assert found.lost(2) == {1: 6}


def test_two_that_go_over_at_once_end_with_as_many_as_are_allowed() -> None:
    found = Quota(10)
    found.counted(1, 4)
    assert found.counted(2, 6) == {1: 4, 2: 6}
    for worker, held in ((1, 9), (2, 8), (1, 4), (2, 6)):
        assert found.counted(worker, held) == {}
