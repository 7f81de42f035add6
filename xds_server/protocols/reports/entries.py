"""Access log entries as proxies report them: who asked what of whom, and what became of it.

Messages and field numbers: envoy/service/accesslog/v3/als.proto and
envoy/data/accesslog/v3/accesslog.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from xds_server.protocols.reports.fields import Fields, address_of

_METHODS = (  # envoy.config.core.v3.RequestMethod
    "",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
)
_DENIED = re.compile(r"rbac_access_denied_matched_policy\[(?P<rule>.*)\]")
_FLAGS = {  # envoy.data.accesslog.v3.ResponseFlags, those that say why nothing was reached
    2: "no healthy upstream",
    3: "upstream request timeout",
    5: "upstream connection reset",
    6: "upstream connection failure",
    7: "upstream connection termination",
    8: "upstream overflow",
    9: "no route found",
    17: "stream idle timeout",
    19: "downstream protocol error",
    23: "duration timeout",
    25: "no cluster found",
    26: "overload manager",
}
_LONGEST = 1024  # characters of a text that a client chose


class Outcome(StrEnum):
    """What became of a request or connection."""

    FORWARDED = "FORWARDED"
    DENIED = "DENIED"
    ERROR = "ERROR"  # nobody denied it, yet it reached no endpoint


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, or one connection of a port without requests; addresses are host:port parts."""

    at: float  # seconds since the epoch, by the proxy's clock
    node: str
    outcome: Outcome
    source: str
    source_port: int
    destination: str
    destination_port: int
    upstream: str = ""  # the endpoint that answered
    cluster: str = ""
    rule: str = ""
    origin: str = ""  # "file:line" of the rule
    method: str = ""  # empty for a connection
    authority: str = ""
    path: str = ""  # without the query, which may hold secrets
    status: int = 0
    request: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LogBatch:
    """A StreamAccessLogsMessage: who reports (in the first message), and its entries."""

    node: str
    http: tuple[Fields, ...]
    tcp: tuple[Fields, ...]

    def entries(self, node: str) -> Iterator[Entry]:
        """Yield the entries, as reports of this node."""
        for one in self.http:
            yield _http(one, node)
        for one in self.tcp:
            yield _entry(one.message(1), node, "")


def scan_batch(data: bytes) -> LogBatch:
    """Return the StreamAccessLogsMessage in these bytes; raise MalformedError if there is none."""
    found = Fields(data)
    node = found.message(1).message(1).text(1)
    return LogBatch(node, found.message(2).messages(1), found.message(3).messages(1))


def _http(found: Fields, node: str) -> Entry:
    request, response = found.message(3), found.message(4)
    method = request.number(1)
    return replace(
        _entry(found.message(1), node, response.text(6)),
        method=_METHODS[method] if method < len(_METHODS) else "",
        authority=request.text(3)[:_LONGEST],
        path=request.text(5).partition("?")[0][:_LONGEST],
        status=response.message(1).number(1),
        request=request.text(9)[:_LONGEST],
    )


def _entry(seen: Fields, node: str, details: str) -> Entry:
    ended = details or seen.text(25)
    denied = _DENIED.search(ended)
    upstream, port = address_of(seen.message(13))
    tags = {tag.text(1): tag.text(2) for tag in seen.messages(22)}
    flags = [text for number, text in _FLAGS.items() if seen.message(16).number(number)]
    source, source_port = address_of(seen.message(20) if 20 in seen else seen.message(2))
    destination, destination_port = address_of(seen.message(3))
    return Entry(
        seen.seconds(5),
        node,
        _outcome(denied is not None, bool(upstream) and not flags),
        source,
        source_port,
        destination,
        destination_port,
        f"{upstream}:{port}" if upstream else "",
        seen.text(15),
        tags.get("fsdn.rule") or (denied["rule"] if denied else ""),
        tags.get("fsdn.origin", ""),
        reason=", ".join(flags) or ended[:_LONGEST],
        seconds=seen.seconds(23),
    )


def _outcome(denied: bool, reached: bool) -> Outcome:
    if denied:
        return Outcome.DENIED
    return Outcome.FORWARDED if reached else Outcome.ERROR
