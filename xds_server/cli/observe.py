"""fsdn observe: requests and denials as proxies report them, recent or as they happen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.output import say, write

_PATIENCE = 30.0  # seconds; a server that follows says something every 10


class Lines(StrEnum):
    """The value of -o."""

    TEXT = "text"
    JSONL = "jsonl"


class Verdict(StrEnum):
    """What became of a request or connection."""

    FORWARDED = "FORWARDED"
    DENIED = "DENIED"
    ERROR = "ERROR"


def observe(
    verdict: Annotated[
        Verdict | None, typer.Option(case_sensitive=False, help="Only with this outcome.")
    ] = None,
    source: Annotated[str, typer.Option(help="Only of this workload or address.")] = "",
    service: Annotated[str, typer.Option(help="Only to this service or address.")] = "",
    rule: Annotated[str, typer.Option(help="Only those that this rule decided.")] = "",
    last: Annotated[int, typer.Option(help="How many recent ones to show at most.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as they come.")] = False,
    output: Annotated[Lines, typer.Option("-o", "--output", help="How to print.")] = Lines.TEXT,
) -> None:
    """Show what proxies saw: who asked what of whom, what became of it, and by which rule.

    Proxies report when the server was started with FSDN_ACCESS_LOGS=true.
    """
    query = {
        "verdict": verdict.value if verdict else None,
        "source": source,
        "service": service,
        "rule": rule,
        "last": last,
        "follow": follow,
    }
    shown = 0
    for line in client.lines("/v1/observe", query, _PATIENCE):
        shown += 1
        if output is Lines.JSONL:
            write(line)
        else:
            say(_text(json.loads(line)))
    if not shown and output is Lines.TEXT:
        say("nothing was reported; see FSDN_ACCESS_LOGS in the server's settings")


def _text(one: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(one["at"], UTC).strftime("%H:%M:%S.%f")[:-3]
    who = one["source"] or one["source_address"]
    whom = one["service"] or one["destination"]
    parts = [at, f"{one['verdict']:<9}", f"{who} -> {whom}"]
    if one["method"]:
        parts.append(f"{one['method']} {one['authority']}{one['path']} {one['status']}")
    if one["rule"]:
        parts.append(f"by {one['rule']}" + (f" ({one['origin']})" if one["origin"] else ""))
    if one["verdict"] == "ERROR":
        parts.append(one["reason"])
    return "  ".join(parts)
