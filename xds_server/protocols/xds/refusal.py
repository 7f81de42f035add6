"""Why a client rejected a response, and which resource it blames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from xds_server.snapshots.model import Resource

_LONGEST_REASON = 2000  # characters; Envoy quotes whole messages in some of its errors
_MOST_REASONS = 64  # remembered: a fleet refuses in the same words, which are then cleaned once
_NAME_CHARACTER = r"[\w./:-]"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A NACK in the client's words; ``resource`` and ``origin`` are empty when it names none."""

    reason: str
    resource: str = ""
    origin: str = ""


def refusal(reason: str, offered: Mapping[str, Resource | None]) -> Refusal:
    """Return the refusal of an offer, with the one resource that the client's words point at."""
    name = culprit(reason, offered)
    resource = offered.get(name)
    return Refusal(shown(reason), name, resource.origin if resource else "")


def shown(reason: str) -> str:
    """Return the client's words, fit to be printed: bounded, without control characters."""
    return _printable(reason[:_LONGEST_REASON])


@lru_cache(_MOST_REASONS)
def _printable(reason: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in reason).strip()
    return printable or "rejected without a reason"


def culprit(reason: str, names: Iterable[str]) -> str:
    """Return the only name that can be at fault, or "" when it is none or more than one.

    A response of one resource leaves no doubt. Otherwise the message must contain the name as a
    whole word: Envoy says "Error adding/updating listener(s) NAME: ...", and, for messages that
    fail validation, no name at all.
    """
    candidates = sorted(names)
    if len(candidates) == 1:
        return candidates[0]
    found = [name for name in candidates if name and _mentioned(name, reason)]
    return found[0] if len(found) == 1 else ""


def _mentioned(name: str, reason: str) -> bool:
    start = reason.find(name)
    if start < 0:
        return False  # the common case, without a regular expression a name
    whole = rf"(?<!{_NAME_CHARACTER}){re.escape(name)}(?![\w/-]|[.:]\w)"
    return re.search(whole, reason) is not None
