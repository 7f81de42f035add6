import json

import pytest

from tests.commanding import run
from tests.serving import Serving


@pytest.mark.parametrize("kind", ["policy", "policies", "Policy"])
def test_a_kind_has_several_spellings(shop_server: Serving, kind: str) -> None:
    done = run("get", kind, "-o", "name", state=shop_server.state)
    assert done.out.splitlines() == [
        "policy/shop/reviews",
        "policy/shop/stock",
        "policy/shop/stock-closed",
    ]


def test_one_object_comes_back_as_it_was_written(shop_server: Serving) -> None:
    done = run("get", "workload", "shop/web", "-o", "yaml", state=shop_server.state)
    assert 'mac: "02:00:00:00:01:01"' in done.out
    again = run("diff", "-q", "-f", "-", state=shop_server.state, stdin=done.out)
    assert again.code == 1  # the same text at another place is a move
    table = run("get", "workload", "web", "-t", "shop", "-o", "wide", state=shop_server.state)
    assert "workloads.yaml:2" in table.out


def test_rules_show_where_they_are_enforced(shop_server: Serving) -> None:
    done = run("get", "rules", "-o", "wide", state=shop_server.state)
    line = next(line for line in done.out.splitlines() if line.startswith("shop/reviews[0]"))
    assert "proxy" in line
    assert "policies.yaml:11" in line
    told = json.loads(run("get", "rules", "-o", "json", state=shop_server.state).out)
    assert told[0]["name"] == "shop/stock-closed[0]"


def test_policies_have_no_hits_while_no_bridge_counts(shop_server: Serving) -> None:
    done = run("get", "policies", "-o", "wide", state=shop_server.state)
    assert "PACKETS" in done.out
    line = next(line for line in done.out.splitlines() if "stock-closed" in line)
    assert line.split()[-2:] == ["-", "-"]


def test_what_is_not_there_is_said(shop_server: Serving) -> None:
    nobody = run("get", "workload", "nobody", state=shop_server.state)
    assert (nobody.code, nobody.out) == (1, "")
    assert "there is no workload nobody" in nobody.err
    odd = run("get", "gizmos", state=shop_server.state)
    assert odd.code == 2
    assert "known are tenant" in odd.err
