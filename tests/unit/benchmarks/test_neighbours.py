import os
from pathlib import Path

import pytest

from benchmarks.neighbours import TICKS, Neighbours, family


def process(root: Path, pid: int, used: tuple[int, int, int, int], *children: int) -> None:
    task = root / str(pid) / "task" / str(pid)
    task.mkdir(parents=True, exist_ok=True)
    (task / "children").write_text(" ".join(map(str, children)))
    row = ["0"] * 11 + [str(ticks) for ticks in used] + ["20", "0"]
    (root / str(pid) / "stat").write_text(f"{pid} (a (b) c) {' '.join(row)}\n")


def machine(root: Path, user: int, interrupts: int = 0) -> None:
    (root / "stat").write_text(f"cpu {user} 0 0 900 50 {interrupts} {interrupts} 0 0 0\ncpu0 0\n")


def ticking(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    moments = iter(times)
    monkeypatch.setattr("benchmarks.neighbours.time.monotonic", lambda: next(moments))


@pytest.mark.parametrize(("whole", "others"), [(3 * TICKS, 1.0), (2 * TICKS, 0.5), (TICKS, 0.0)])
def test_what_a_benchmark_and_its_children_used_is_not_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: int, others: float
) -> None:
    ticking(monkeypatch, 0.0, 2.0)
    machine(tmp_path, 0)
    process(tmp_path, 1, (0, 0, 0, 0), 2)
    process(tmp_path, 2, (0, 0, 0, 0))
    neighbours = Neighbours(tmp_path, 1)
    process(tmp_path, 2, (TICKS // 2, 0, 0, 0))
    process(tmp_path, 1, (0, 0, 0, TICKS // 2), 2)
    machine(tmp_path, whole, interrupts=TICKS)
    assert neighbours.cores() == others


def test_each_answer_is_about_the_time_since_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking(monkeypatch, 0.0, 1.0, 2.0)
    machine(tmp_path, 0)
    process(tmp_path, 1, (0, 0, 0, 0))
    neighbours = Neighbours(tmp_path, 1)
    machine(tmp_path, TICKS)
    assert (neighbours.cores(), neighbours.cores()) == (1.0, 0.0)


def test_a_moment_is_not_judged_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking(monkeypatch, 0.0, 2.0, 2.001, 4.0)
    machine(tmp_path, 0)
    process(tmp_path, 1, (0, 0, 0, 0))
    neighbours = Neighbours(tmp_path, 1)
    machine(tmp_path, TICKS)
    assert neighbours.cores() == 0.5
    machine(tmp_path, TICKS + 1)
    assert neighbours.cores() == 0.5
    machine(tmp_path, TICKS)
    assert neighbours.cores() == 0.0


def test_a_process_is_of_its_own_family() -> None:
    assert os.getpid() in family(os.getppid())
