import pytest

from tests.unit.translators.policy.specimens import good, refused

A, B = {"switch": "a", "port": "p1"}, {"switch": "b", "port": "p1"}


def test_a_link_joins_two_switches() -> None:
    assert [end.switch for end in good("Link").spec.ends] == ["a", "b"]


@pytest.mark.parametrize(
    ("ends", "path"),
    [
        ([A], "spec.ends"),
        ([A, B, B], "spec.ends"),
        ([A, {"switch": "a", "port": "p2"}], "spec.ends[1].switch"),
        ([A, {"switch": "b", "port": "p" * 16}], "spec.ends[1].port"),
    ],
)
def test_refusals(ends: list[object], path: str) -> None:
    assert refused("Link", ends=ends) == [("FS1012", path)]
