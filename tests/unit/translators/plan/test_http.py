"""Requests, as policies see them."""

import pytest

from translators.plan.http import Request, matches, normal_host, normalise, path_matches
from translators.plan.model import Compare, HttpMatch, StringMatch

NORMAL = {
    "/": "/",
    "/a/../b": "/b",
    "/../../a": "/a",
    "/a/./": "/a/",
    "/a/..": "/",
    "//a//b": "/a/b",
    "/a//..//b": "/a/b",
    "//": "//",
    "/a\\..\\b": "/b",
    "/%2e%2E/a": "/a",
    "/%61dmin": "/admin",
    "/a%7Eb%2Dc": "/a~b-c",
    "/a%25b": "/a%25b",
    "/a%2": "/a%2",
    "/%%32e": "/%252e",
    '/a"<b': "/a%22%3Cb",
    "/a;x/b": "/a;x/b",
    "/a/..;x/b": "/b",
    "/a/.;/b": "/a/b",
    "/.../x": "/.../x",
}


@pytest.mark.parametrize(("path", "expected"), NORMAL.items())
def test_a_path_is_normalised(path: str, expected: str) -> None:
    assert normalise(path) == expected


@pytest.mark.parametrize("path", ["a", "", "*", "/a%2Fb", "/a%5cb", "/a%00", "/a/%2e%2e;x/b"])
def test_a_path_that_servers_may_read_otherwise_is_refused(path: str) -> None:
    assert normalise(path) is None


@pytest.mark.parametrize("path", ["/a#b", "/a?b#c", "/é", "/a b", "/a?\x7f", "/\x01"])
def test_a_target_that_is_no_target_is_refused(path: str) -> None:
    assert Request(path=path).normal_path is None


def test_the_query_is_no_part_of_the_path_and_may_hold_anything() -> None:
    request = Request(path="/a/../b?x=/../%2f&x=2&y&=z")
    assert request.normal_path == "/b"
    assert request.query == {"x": "/../%2f", "y": "", "": "z"}


HOSTS = {
    "A.example": "a.example",
    "a.example:80": "a.example",
    "a.example.": "a.example",
    "a.example.:80": "a.example",
    "[::1]:80": "[::1]",
    "[::1]": "[::1]",
    "a:b": "a:b",
    "a:": "a:",
    "a..": "a.",
    "a:99999999999": "a:99999999999",
    "": "",
}


@pytest.mark.parametrize(("host", "expected"), HOSTS.items())
def test_a_host_is_a_name_without_port_and_final_dot(host: str, expected: str) -> None:
    assert normal_host(host) == expected


def test_a_prefix_matches_whole_elements() -> None:
    test = StringMatch(Compare.PREFIX, "/a/")
    assert [p for p in ("/a", "/a/", "/a/b", "/ab", "/") if path_matches(test, p)] == [
        "/a",
        "/a/",
        "/a/b",
    ]
    assert path_matches(StringMatch(Compare.PREFIX, "/"), "//")
    assert not path_matches(test, None)


def test_every_part_must_hold_and_alternatives_are_ored() -> None:
    match = HttpMatch(
        hosts=("a.example", "b.example"),
        path=StringMatch(Compare.EXACT, "/x"),
        methods=("GET", "HEAD"),
        headers=(("x-t", StringMatch(Compare.EXACT, "1")),),
        query=(("q", StringMatch(Compare.PRESENT)),),
    )
    good = Request("HEAD", "/x?q", "B.example:80", (("x-t", "1"),))
    assert matches(match, good)
    for changed in (
        Request("POST", good.path, good.host, good.headers),
        Request("HEAD", "/y?q", good.host, good.headers),
        Request("HEAD", "/x", good.host, good.headers),
        Request("HEAD", good.path, "c.example", good.headers),
        Request("HEAD", good.path, good.host),
    ):
        assert not matches(match, changed), changed


def test_a_second_line_of_a_header_hides_none() -> None:
    match = HttpMatch(headers=(("x-t", StringMatch(Compare.EXACT, "1")),))
    assert matches(match, Request(headers=(("x-t", "2"), ("x-t", "1"))))
    assert not matches(match, Request(headers=(("x-t", "1,2"),)))
