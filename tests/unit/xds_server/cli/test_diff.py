import json

from tests.commanding import run
from tests.serving import SHOP, Serving


def test_equal_files_exit_with_zero(shop_server: Serving) -> None:
    done = run("diff", "-f", str(SHOP), state=shop_server.state)
    assert (done.code, done.out) == (0, "no difference\n")


def test_a_difference_exits_with_one_and_shows_three_views(shop_server: Serving) -> None:
    text = (SHOP / "policies.yaml").read_text().replace("weight: 90", "weight: 50")
    done = run("diff", "-f", "-", state=shop_server.state, stdin=text)
    assert done.code == 1
    assert "~ policy/shop/reviews" in done.out
    assert "shop/reviews[2]" in done.out
    assert "proxy/host1" in done.out
    quiet = run("diff", "-q", "-f", "-", state=shop_server.state, stdin=text)
    assert (quiet.code, quiet.out) == (1, "")
    told = json.loads(run("diff", "-f", "-", "-o", "json", state=shop_server.state, stdin=text).out)
    assert told["devices"]


def test_errors_exit_with_more_than_one(shop_server: Serving) -> None:
    done = run("diff", "-f", "-", state=shop_server.state, stdin="kind: Nonsense\n")
    assert done.code == 2
    assert "stdin:1: FS1" in done.err
