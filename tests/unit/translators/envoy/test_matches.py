"""HTTP matches as Envoy's route matches."""

import re

import pytest

from translators.envoy.matches import can_match, route_match
from translators.plan.model import Compare, HttpMatch, StringMatch


def _path(compare: Compare, value: str) -> HttpMatch:
    return HttpMatch(path=StringMatch(compare, value))


def test_nothing_asked_matches_everything() -> None:
    assert route_match(None).prefix == "/"
    assert route_match(HttpMatch()).prefix == "/"


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ("/a", "path_separated_prefix", "/a"),
        ("/a/", "path_separated_prefix", "/a"),
        ("/a//", "path_separated_prefix", "/a"),
        ("/", "prefix", "/"),
        ("//", "prefix", "/"),
    ],
)
def test_a_prefix_is_of_whole_elements(value: str, field: str, expected: str) -> None:
    match = route_match(_path(Compare.PREFIX, value))
    assert getattr(match, field) == expected


def test_an_exact_path_keeps_its_slash() -> None:
    assert route_match(_path(Compare.EXACT, "/a/")).path == "/a/"


def test_one_host_is_compared_and_several_are_one_pattern() -> None:
    (one,) = route_match(HttpMatch(hosts=("a.example",))).headers
    assert one.name == ":authority"
    assert one.string_match is not None
    assert one.string_match.exact == "a.example"
    assert one.string_match.ignore_case
    (two,) = route_match(HttpMatch(hosts=("a.example", "b+c.example"))).headers
    assert two.string_match is not None
    assert two.string_match.safe_regex is not None
    pattern = re.compile(two.string_match.safe_regex.regex)
    assert pattern.fullmatch("B+c.Example")
    assert not pattern.fullmatch("aXexample")


def test_methods_are_case_sensitive() -> None:
    (header,) = route_match(HttpMatch(methods=("GET", "POST"))).headers
    assert header.string_match is not None
    assert header.string_match.safe_regex is not None
    assert header.string_match.safe_regex.regex == "(?:GET|POST)"
    assert not header.string_match.ignore_case


@pytest.mark.parametrize("test", [StringMatch(Compare.PRESENT), StringMatch(Compare.PREFIX, "")])
def test_an_empty_prefix_asks_for_presence(test: StringMatch) -> None:
    match = route_match(HttpMatch(headers=(("x", test),), query=(("q", test),)))
    assert match.headers[0].present_match is True
    assert match.query_parameters[0].present_match is True


def test_empty_values_are_compared_exactly() -> None:
    test = StringMatch(Compare.EXACT, "")
    match = route_match(HttpMatch(headers=(("x", test),)))
    assert match.headers[0].string_match is not None
    assert match.headers[0].string_match.exact == ""


def test_what_no_path_holds_cannot_match() -> None:
    assert can_match(HttpMatch())
    assert not can_match(_path(Compare.EXACT, "/a?b"))
    assert not can_match(_path(Compare.PREFIX, "/a#b"))
