import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.report import figure, keep


@pytest.mark.parametrize(
    ("value", "target", "at_least", "met"),
    [
        (1.0, 2.0, False, True),
        (2.0, 2.0, False, True),
        (3.0, 2.0, False, False),
        (3.0, 2.0, True, True),
        (1.0, 2.0, True, False),
        (1.0, None, False, None),
    ],
)
def test_a_target_is_met_from_its_own_side(
    value: float, target: float | None, at_least: bool, met: bool | None
) -> None:
    assert figure("a", value, "ms", target=target, at_least=at_least).met is met


def test_the_ratio_is_to_the_peer() -> None:
    assert figure("a", 1.0, "ms", peer="p", peer_value=4.0).ratio == 0.25
    assert figure("a", 1.0, "ms", peer="p", peer_value=0.0).ratio is None


def test_a_row_has_these_keys_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    keep("x", [figure("a", 1.0, "ms")], ["raw"])
    (row,) = json.loads((tmp_path / "x.json").read_text())
    keys = ["figure", "value", "unit", "peer", "peer_value", "ratio", "target", "met"]
    assert list(row) == keys
    assert (tmp_path / "x.log").read_text() == "raw\n"
