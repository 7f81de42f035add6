import pytest

from benchmarks.xds_runs import Run


def run(times: list[float]) -> Run:
    rounds = [{"all_ms": time, "cpu_ms": time / 2} for time in times]
    return Run("ours", "sotw", 100, rounds={"change": rounds})


@pytest.mark.parametrize(
    ("times", "half", "worst"),
    [
        ([5.0], 5.0, 5.0),
        ([3.0, 1.0, 2.0], 2.0, 3.0),
        ([float(n) for n in range(1, 201)], 100.5, 198),
    ],
)
def test_percentiles_are_of_the_rounds(times: list[float], half: float, worst: float) -> None:
    assert run(times).half("change") == half
    assert run(times).worst("change") == worst


def test_cpu_is_for_one_stream() -> None:
    assert run([4.0]).cpu("change") == pytest.approx(20)
