"""HTTP requests as policies see them: the same normalisation here, in Envoy and in explanations.

Envoy's rules are those of the WHATWG URL standard (dots and backslashes), then merged slashes, and
RFC 3986 section 6.2.2.2 (unreserved characters are never percent-encoded).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from translators.plan.model import Compare, HttpMatch, StringMatch

_REFUSED = re.compile(r"[^!-~]|#")  # in a whole target: controls, spaces, bytes over 127, fragments
_HIDDEN_SLASH = re.compile(r"%2f|%5c", re.IGNORECASE)  # a server may take it for a slash
_DOTS_WITH_PARAMETERS = re.compile(r"(?<=/)(\.\.?);[^/]*")  # RFC 3986 section 3.3
_DISGUISED = re.compile(r"\.\.?;")  # dots that came to light by decoding; servers drop parameters
_STRAY = re.compile(r"%(?![0-9A-F]{2})", re.IGNORECASE)  # a percent sign that escapes nothing
_UNRESERVED = re.compile(r"%(2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE)
_ESCAPED = re.compile(r'["<>^`{|}]')
_NESTED = re.compile(r"\0(?=[0-9A-F]{2})", re.IGNORECASE)
_PORT = re.compile(r":\+?(\d+)$")
_LARGEST_PORT = 2**32 - 1  # Envoy reads 32 bits


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """An HTTP request: ``path`` as sent, with its query; header names in lower case."""

    method: str = "GET"
    path: str = "/"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def normal_path(self) -> str | None:
        """The path without query, dots resolved and slashes merged; None where it is refused."""
        return None if _REFUSED.search(self.path) else normalise(self.path.partition("?")[0])

    @property
    def normal_host(self) -> str:
        """The host in lower case, without port and without the final dot of a full name."""
        return normal_host(self.host)

    @property
    def query(self) -> dict[str, str]:
        """The first value of every query parameter, as sent: nothing is decoded."""
        found: dict[str, str] = {}
        for pair in self.path.partition("?")[2].split("&"):
            name, _, value = pair.partition("=")
            found.setdefault(name, value)
        return found

    def header(self, name: str) -> tuple[str, ...]:
        """Return a header's values, one for each line that carries it."""
        return tuple(value for key, value in self.headers if key == name)


def normalise(path: str) -> str | None:
    """Return the path as Envoy normalises it, or None if a proxy refuses it."""
    if not path.startswith("/") or _HIDDEN_SLASH.search(path):
        return None
    bare = _DOTS_WITH_PARAMETERS.sub(r"\1", path)
    parts = _without_dots(_unescaped(bare.replace("\\", "/"))[1:].split("/"))
    if "%00" in bare or any(_DISGUISED.match(part) for part in parts):
        return None
    if "" not in parts[:-1]:
        return "/" + "/".join(parts)
    named = [part for part in parts if part]
    return "/" + "/".join(named) + ("" if parts[-1] else "/")  # so // stays: servers may differ


def _unescaped(path: str) -> str:
    """Decode unreserved characters, encode what no path may hold, and keep all other escapes.

    A stray percent sign stays, unless what was decoded behind it makes it an escape.
    """
    plain = _UNRESERVED.sub(lambda found: chr(int(found[1], 16)), _STRAY.sub("\0", path))
    kept = _NESTED.sub("%25", plain).replace("\0", "%")
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", kept)


def _without_dots(pieces: list[str]) -> list[str]:
    """Resolve . and .. ; an empty piece counts as one, and a final dot leaves a directory."""
    parts: list[str] = []
    for piece in pieces:
        if piece == "..":
            parts = parts[:-1]
        elif piece != ".":
            parts.append(piece)
    return [*parts, ""] if pieces[-1] in (".", "..") else parts


def normal_host(host: str) -> str:
    """Return a host header's name: lower case, neither port nor final dot."""
    name, dot, rest = host.rpartition(".")
    if dot and (not rest or rest.startswith(":")):
        host = name + rest
    port = _PORT.search(host)
    if port is not None and int(port[1]) <= _LARGEST_PORT:
        host = host[: port.start()]
    return host.lower()


def matches(match: HttpMatch, request: Request) -> bool:
    """Whether the request satisfies every part of the match.

    Of a header with several lines each is tested on its own, so that a line more cannot hide one.
    """
    query = request.query
    return (
        (not match.hosts or request.normal_host in match.hosts)
        and (match.path is None or path_matches(match.path, request.normal_path))
        and (not match.methods or request.method in match.methods)
        and all(any(map(test.matches, request.header(name))) for name, test in match.headers)
        and all(test.matches(query.get(name)) for name, test in match.query)
    )


def path_matches(test: StringMatch, path: str | None) -> bool:
    """Compare paths; a prefix matches whole elements: /a matches /a and /a/b, not /ab."""
    if path is None or test.compare is not Compare.PREFIX:
        return test.matches(path)
    prefix = test.value.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")
