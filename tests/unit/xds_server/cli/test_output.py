import json

import pytest

from xds_server.cli.output import Form, seconds, structured, table, to_yaml


def test_a_table_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    table(("NAME", "STATE"), [("a-long-name", "SYNCED"), ("b", "[red]no markup[/red]")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "NAME         STATE",
        "a-long-name  SYNCED",
        "b            [red]no markup[/red]",
    ]


def test_programs_get_json_or_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"b": [1, None], "a": "é"}
    assert structured(value, Form.JSON)
    assert json.loads(capsys.readouterr().out) == value
    assert structured(value, Form.YAML)
    assert capsys.readouterr().out == to_yaml(value)
    assert not structured(value, Form.TABLE)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("value", "text"), [(0.0124, "12 ms"), (1.0, "1.00 s"), (75.5, "75.50 s")])
def test_durations_are_short(value: float, text: str) -> None:
    assert seconds(value) == text
