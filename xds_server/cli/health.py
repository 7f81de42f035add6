"""fsdn get health: what proxies found out about endpoints that they check for all others."""

from __future__ import annotations

from typing import Any

from xds_server.cli import client
from xds_server.cli.output import Form, clock, say, structured, table, write


def health(form: Form) -> None:
    """Print every endpoint that some proxy is to check, what it is taken to be, and who says so."""
    found = client.get("/v1/health")
    if form is Form.NAME:
        for one in found:
            write(f"{one['cluster']}/{one['endpoint']}")
    elif not structured(found, form):
        if not found:
            say("nobody checks endpoints; put a HealthCheckSpecifier into the folder of resources")
            return
        headings = ["CLUSTER", "ENDPOINT", "HEALTH", "SINCE", "SAID BY"]
        table(headings, (_row(one, form) for one in found))


def _row(one: dict[str, Any], form: Form) -> list[str]:
    said = ", ".join(_said(word, form) for word in one["checkers"]) or "-"
    return [one["cluster"], one["endpoint"], one["health"], _clock(one["since"]), said]


def _said(word: dict[str, Any], form: Form) -> str:
    text = f"{word['node']} {word['health']}"
    if form is not Form.WIDE:
        return text
    return f"{text} since {_clock(word['since'])}, heard {_clock(word['heard'])}"


def _clock(at: float) -> str:
    return clock(at) if at else "-"
