"""HTTP requests as policies see them: the same normalisation here, in Envoy and in explanations."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from translators.plan.model import Compare, HttpMatch, StringMatch

_ESCAPED_SLASHES = ("%2f", "%5c")


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
        return normalise(self.path.partition("#")[0].partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        """The first value of every query parameter."""
        pairs = parse_qsl(self.path.partition("#")[0].partition("?")[2], keep_blank_values=True)
        return dict(reversed(pairs))

    def header(self, name: str) -> str | None:
        """Return a header's values joined by commas (RFC 9110, section 5.3), or None."""
        values = [value for key, value in self.headers if key == name]
        return ",".join(values) if values else None


def normalise(path: str) -> str | None:
    """Return the path as RFC 3986 section 6 normalises it, or None if a proxy refuses it."""
    if not path.startswith("/") or any(code in path.lower() for code in _ESCAPED_SLASHES):
        return None
    parts: list[str] = []
    pieces = path.replace("\\", "/").split("/")
    for piece in pieces:
        plain = unquote(piece) if set(unquote(piece)) <= {"."} else piece
        if plain == "..":
            parts = parts[:-1]
        elif plain not in ("", "."):
            parts.append(plain)
    last = unquote(pieces[-1])
    slash = "/" if parts and last in ("", ".", "..") else ""
    return "/" + "/".join(parts) + slash


def matches(match: HttpMatch, request: Request) -> bool:
    """Whether the request satisfies every part of the match."""
    path = request.normal_path
    query = request.query
    return (
        (not match.hosts or request.host.lower().partition(":")[0] in match.hosts)
        and (match.path is None or path_matches(match.path, path))
        and (not match.methods or request.method in match.methods)
        and all(test.matches(request.header(name)) for name, test in match.headers)
        and all(test.matches(query.get(name)) for name, test in match.query)
    )


def path_matches(test: StringMatch, path: str | None) -> bool:
    """Compare paths; a prefix matches whole elements: /a matches /a and /a/b, not /ab."""
    if path is None or test.compare is not Compare.PREFIX:
        return test.matches(path)
    prefix = test.value.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")
