import json
from pathlib import Path

import pytest

from tests.commanding import run
from tests.serving import SHOP, Serving
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.explain import _header, _transport


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("web", "reviews", "--http", "GET /products"), 0),
        (("web", "reviews", "--http", "/admin"), 3),
        (("web", "reviews", "--http", "POST /", "-H", "x-tester=1"), 0),
        (("web", "reviews", "--http", "POST /"), 3),
        (("shop/web", "shop/stock", "--tcp", "80"), 0),
        (("web", "stock", "-6"), 0),
        (("reviews-1", "stock", "--tcp", "80"), 3),
        (("web", "10.10.0.21", "--tcp", "8080"), 3),
        (("web", "spy", "--icmp"), 3),
        (("web", "audit", "--udp", "53"), 3),
    ],
)
def test_the_exit_code_is_the_verdict_with_and_without_a_server(
    shop_server: Serving, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    online = run("explain", *arguments, state=shop_server.state)
    offline = run("explain", *arguments, "--offline", "-f", str(SHOP), state=tmp_path)
    assert (online.code, offline.code) == (code, code), online.err + offline.err
    assert online.out == offline.out
    assert ("allow" if code == 0 else "deny") in online.out


def test_the_name_is_that_of_the_rule_that_decides(tmp_path: Path) -> None:
    asked = ("explain", "web", "reviews", "--http", "/admin", "--offline", "-f", str(SHOP))
    done = run(*asked, "-o", "name", state=tmp_path)
    assert (done.code, done.out) == (3, "shop/reviews[0]\n")


def test_each_row_names_layer_line_and_native_rule(shop_server: Serving) -> None:
    done = run("explain", "web", "reviews", "--http", "/admin", state=shop_server.state)
    assert "vswitch  steer  host1/br-int" in done.out
    assert "proxy    deny   host1/envoy  shop/reviews[0]" in done.out
    assert "policies.yaml:11" in done.out
    assert "cookie=0xf5d0" in done.out
    told = json.loads(
        run("explain", "web", "reviews", "--http", "/x", "-o", "json", state=shop_server.state).out
    )
    assert told["rule"] == "shop/reviews[2]"


def test_a_name_that_is_not_there_is_said(shop_server: Serving) -> None:
    done = run("explain", "web", "reveiws", state=shop_server.state)
    assert done.code == 1
    assert "did you mean" in done.err


def test_contradicting_questions_are_refused() -> None:
    for arguments in ((80, 53, False, ""), (None, None, True, "/"), (None, 53, False, "/")):
        with pytest.raises(Fail) as failed:
            _transport(*arguments)
        assert failed.value.code is Exit.USAGE


def test_headers_are_written_in_two_ways() -> None:
    assert _header("x-tester=1") == "x-tester:1"
    assert _header("Cookie: a=b") == "Cookie:a=b"
    with pytest.raises(Fail, match="name=value"):
        _header("nothing")


def test_a_service_with_affinity_is_told(tmp_path: Path) -> None:
    story = Path(__file__).parents[3] / "golden/cases/affinity/policy.yaml"
    done = run("explain", "web", "api", "--tcp", "5432", "-f", str(story), state=tmp_path)
    assert "(weight 3)" in done.out
    assert "always the same for a client's address" in done.out
