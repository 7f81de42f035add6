from xds_server.controller.allowance import Allowance


def test_so_many_a_second_are_answered_and_no_more() -> None:
    allowance = Allowance(2)
    assert [allowance.take(10.0), allowance.take(10.5), allowance.take(10.9)] == [True, True, False]
    assert [allowance.take(11.0), allowance.take(11.1), allowance.take(11.9)] == [True, True, False]
