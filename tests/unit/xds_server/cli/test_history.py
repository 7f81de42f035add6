import json

from tests.commanding import run
from tests.serving import Serving


def test_the_history_says_who_and_why(shop_server: Serving) -> None:
    done = run("history", "-o", "wide", state=shop_server.state)
    assert "ann" in done.out
    assert "open the shop" in done.out
    one = run("history", "1", state=shop_server.state)
    assert "added policy/shop/reviews" in one.out
    assert "proxy/host1" in one.out
    assert "absent" in one.out
    assert run("history", "-o", "name", state=shop_server.state).out == "1\n"
    (told,) = json.loads(run("history", "-o", "json", state=shop_server.state).out)
    assert len(told["digest"]) == 64


def test_a_revision_that_is_not_there_is_said(shop_server: Serving) -> None:
    done = run("history", "9", state=shop_server.state)
    assert done.code == 1
    assert "no revision 9, the newest is 1" in done.err
