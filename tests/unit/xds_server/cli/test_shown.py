import pytest

from xds_server.cli import shown


def test_moves_are_counted_and_changes_listed(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [
        {"change": "added", "key": "host/a", "file": "a.yaml", "line": 1},
        {"change": "moved", "key": "host/b", "file": "a.yaml", "line": 2},
        {"change": "removed", "key": "host/c", "file": "a.yaml", "line": 3},
    ]
    meaning = [{"kind": "host", "name": "a", "change": "added", "detail": ""}] * 2
    device = {"device": "proxy/a", "unit": "resources", "added": 1, "changed": 2, "removed": 3}
    shown.outcome({"changes": changes, "meaning": meaning, "devices": [device]})
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "+ host/a  (a.yaml:1)"
    assert out[1] == "- host/c  (a.yaml:3)"
    assert out[2].startswith("= 1 object(s) at another line")
    assert out[3] == "meaning: 2 host added"
    assert out[-1].split() == ["proxy/a", "resources", "1", "2", "3"]


def test_findings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    shown.findings([{"text": "a.yaml:1: FS1001 [x] wrong"}])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "a.yaml:1: FS1001 [x] wrong\n")


def test_names_leave_out_what_only_moved(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [{"change": change, "key": f"host/{change}"} for change in ("added", "moved")]
    shown.names({"changes": changes})
    assert capsys.readouterr().out == "host/added\n"
