import json
from pathlib import Path

import pytest

from tests.commanding import run
from tests.serving import SHOP


def test_valid_files_are_counted(tmp_path: Path) -> None:
    done = run("validate", "-f", str(SHOP), state=tmp_path)
    assert (done.code, done.out) == (0, "valid: 6 workloads, 2 services, 5 rules on 2 hosts\n")


def test_all_findings_are_printed_at_once(tmp_path: Path) -> None:
    text = "kind: Nonsense\n---\nkind: Tenant\nmetadata: {nmae: x}\n"
    done = run("validate", "-f", "-", state=tmp_path, stdin=text)
    assert done.code == 1
    assert len(done.err.splitlines()) >= 2
    told = json.loads(run("validate", "-f", "-", "-o", "json", state=tmp_path, stdin=text).out)
    assert {1, 4} <= {finding["line"] for finding in told}


@pytest.mark.parametrize(
    ("to", "mark"),
    [("plan", "shop/reviews"), ("xds", "Listener"), ("openflow", "cookie="), ("frr", "router bgp")],
)
def test_every_dialect_can_be_printed(tmp_path: Path, to: str, mark: str) -> None:
    done = run("compile", "-f", str(SHOP), "--to", to, state=tmp_path)
    assert done.code == 0, done.err
    assert mark in done.out
    assert run("compile", "-f", str(SHOP), "--to", to, state=tmp_path).out == done.out


def test_one_device_can_be_chosen(tmp_path: Path) -> None:
    one = run("compile", "-f", str(SHOP), "--to", "frr", "--switch", "leaf1", state=tmp_path)
    assert "65001" in one.out
    assert "# leaf2" not in one.out
    none = run("compile", "-f", str(SHOP), "--to", "xds", "--host", "x", state=tmp_path)
    assert none.code == 1
    assert "known: host1, host2" in none.err


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    done = run("validate", "-f", str(huge), state=tmp_path)
    assert done.code == 1
    assert "larger than 10 MB" in done.err


def test_an_abyss_of_yaml_is_refused(tmp_path: Path) -> None:
    done = run("validate", "-f", "-", state=tmp_path, stdin="[" * 20_000)
    assert done.code == 1
    assert "stdin:1: FS1" in done.err
    assert "Traceback" not in done.err


def test_the_schema_is_json_schema(tmp_path: Path) -> None:
    schema = json.loads(run("schema", state=tmp_path).out)
    assert "Policy" in json.dumps(schema)
