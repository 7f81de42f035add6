import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.xds_book import Book


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    return Book("x")


def rows(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((directory / "x.json").read_text())
    return found


def test_a_figure_is_the_median_of_the_runs_and_kept_at_once(book: Book, tmp_path: Path) -> None:
    book.beside("a", "ms", [9.0, 1.0, 2.0], [4.0, 40.0, 3.0])
    (row,) = rows(tmp_path)
    assert (row["value"], row["peer_value"], row["ratio"]) == (2.0, 4.0, 0.5)
    assert '"ours": [9.0, 1.0, 2.0]' in (tmp_path / "x.log").read_text()


@pytest.mark.parametrize(
    ("target", "times", "expected", "met"),
    [
        (None, 1.0, 4.0, True),
        (1.0, 1.0, 1.0, False),
        (None, None, None, None),
        (9.0, 0.25, 1.0, False),
    ],
)
def test_of_two_targets_the_stricter_counts(
    book: Book, target: float | None, times: float | None, expected: float | None, met: bool | None
) -> None:
    book.beside("a", "ms", [2.0], [4.0], target=target, times=times)
    assert (book.figures[0].target, book.figures[0].met) == (expected, met)


def test_a_run_that_others_disturbed_is_marked(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    had = iter([0.01, 0.4])
    monkeypatch.setattr("benchmarks.neighbours.Neighbours.cores", lambda _: next(had))
    book.waited("quiet", 30.0, 100.0)
    book.waited("disturbed", 30.0, 100.0)
    log = (tmp_path / "x.log").read_text().splitlines()
    assert [("BUSY" in line) for line in log[-2:]] == [False, True]


def test_a_scenario_that_fails_does_not_stop_the_others(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def scenario(name: str, scratch: Path) -> None:
        (scratch / name).touch()
        ran.append(name)
        if name == "b":
            raise ValueError("no peer")

    assert book.measure(["a", "b", "c"], scenario, (ValueError,)) == 1
    assert ran == ["a", "b", "c"]
    assert capsys.readouterr().out.splitlines()[-1].endswith("FAILED: b: no peer")
    assert book.measure(["a"], scenario, (ValueError,)) == 0
    with pytest.raises(ValueError, match="no peer"):
        book.measure(["b"], scenario, (KeyError,))
