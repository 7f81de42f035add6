"""Columns as values, and nothing of those that make no sense."""

import pytest

from xds_server.protocols.ovsdb.columns import map_of, set_of, text_of, uuids_of


def test_a_set_of_one_is_the_bare_value() -> None:
    assert set_of(["set", [1, 2]]) == [1, 2]
    assert set_of(7) == [7]
    assert set_of(None) == []


def test_texts_pairs_and_rows_are_read() -> None:
    assert text_of(["set", [1, "a", "b"]]) == "a"
    assert map_of(["map", [["b", "2"], ["a", 1]]]) == {"a": "1", "b": "2"}
    assert uuids_of(["set", [["uuid", "x"], ["uuid", "y"]]]) == ["x", "y"]
    assert uuids_of(["uuid", "x"]) == ["x"]


@pytest.mark.parametrize("value", [None, [], ["set", 1], ["map", 1], ["uuid", 1], {"a": 1}])
def test_what_makes_no_sense_is_empty(value: object) -> None:
    assert (text_of(value), map_of(value), uuids_of(value)) == ("", {}, [])
