from dataclasses import asdict

from benchmarks.report import figure
from benchmarks.table import table


def test_a_row_has_units_and_three_digits() -> None:
    row = figure("a", 1234.56, "ms", peer="p", peer_value=0.12345, target=2000)
    assert table([asdict(row)]).endswith("\n| a | 1,235 ms | 0.123 ms | 10,000 | 2,000 | yes |")


def test_a_peer_without_a_value_says_why() -> None:
    row = figure("a", 1.0, "ms", peer="go-control-plane: not within 3 s")
    assert table([asdict(row)]).endswith("\n| a | 1 ms | not within 3 s | - | - | - |")
