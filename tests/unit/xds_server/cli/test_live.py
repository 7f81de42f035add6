"""What explain --live prints and how it ends; the devices are in tests/devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.commanding import Done, run
from tests.serving import Serving
from xds_server.cli import client
from xds_server.cli.exits import Exit

FLOW = {"cookie": "0x1", "ours": True, "rule": "shop/db[0]", "origin": "policy.yaml:7"}
PREDICTED = {**FLOW, "flow": "cookie=0x1,table=20,priority=11,reg1=0x1 actions=goto_table:25"}
REAL = {**FLOW, "flow": "cookie=0x1,table=20,priority=11,reg1=0x1"}
FOREIGN = {
    "cookie": "0xbad",
    "ours": False,
    "rule": "",
    "origin": "",
    "flow": "cookie=0xbad,table=20,priority=9,ip",
}


def _told(action: str, same: bool) -> dict[str, Any]:
    row = {"table": 20, "stage": "POLICY", "same": same, "predicted": PREDICTED}
    bridge = {
        "device": "host1/br-int",
        "same": same,
        "difference": "" if same else "table 20 should",
        "rows": [{**row, "real": REAL if same else FOREIGN}],
        "predicted": "output:2",
        "real": "output:2" if same else "dropped",
    }
    explanation = {
        "action": action,
        "layer": "vswitch",
        "rule": "shop/db[0]",
        "reason": "a rule allows it",
        "steered": False,
        "source": "shop/web",
        "destination": "10.10.0.21",
        "targets": [],
        "steps": [],
    }
    return {"explanation": explanation, "established": False, "same": same, "bridges": [bridge]}


def _asked(told: dict[str, Any], state: Path, *more: str) -> Done:
    with patch.object(client, "get", return_value=told) as got:
        done = run("explain", "web", "db", "--tcp", "80", "--live", *more, state=state)
    assert got.call_args.args[0] == "/v1/explain/live"
    return done


@pytest.mark.parametrize(
    ("action", "same", "code"),
    [
        ("allow", True, Exit.OK),
        ("deny", True, Exit.DENIED),
        ("allow", False, Exit.DIFFERENT),
        ("deny", False, Exit.DIFFERENT),
    ],
)
def test_a_difference_has_a_code_of_its_own(
    tmp_path: Path, action: str, same: bool, code: Exit
) -> None:
    told = _told(action, same)
    assert _asked(told, tmp_path).code == code
    assert _asked(told, tmp_path, "-o", "json").code == code
    assert _asked(told, tmp_path, "-o", "name").out == ("" if same else "host1/br-int\n")


def test_equal_tables_are_one_line_each(tmp_path: Path) -> None:
    done = _asked(_told("allow", True), tmp_path)
    lines = done.out.splitlines()
    assert "20     POLICY  same  shop/db[0] (policy.yaml:7)  priority=11,reg1=0x1" in lines
    assert lines[-1] == "the bridges do what is predicted"
    assert "goto_table:25" not in done.out
    assert "goto_table:25" in _asked(_told("allow", True), tmp_path, "-o", "wide").out


def test_what_differs_is_shown_from_both_sides(tmp_path: Path) -> None:
    done = _asked(_told("allow", False), tmp_path)
    assert "DIFFERENT  not ours, cookie 0xbad" in done.out
    assert "table 20, predicted: cookie=0x1" in done.out
    assert "table 20, real: cookie=0xbad" in done.out
    assert "host1/br-int: predicted output:2, real dropped" in done.out
    assert "host1/br-int differs: table 20 should" in done.err


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    for wrong in (("--established",), ("--live", "--offline", "-f", "x.yaml")):
        done = run("explain", "web", "db", "--tcp", "80", *wrong, state=tmp_path)
        assert (done.code, "--established goes with --live" in done.err) == (Exit.USAGE, True)


def test_a_bridge_that_never_came_is_a_sentence(shop_server: Serving) -> None:
    done = run("explain", "web", "stock", "--tcp", "80", "--live", state=shop_server.state)
    assert done.code == Exit.REFUSED
    assert "ports of host host1's bridge are not known yet, see 'fsdn status'" in done.err
