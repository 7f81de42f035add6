"""fsdn get drops: what bridges dropped, by cause and stage."""

from __future__ import annotations

from typing import Any

from xds_server.cli import client
from xds_server.cli.output import Form, complain, structured, table, write


def drops(host: str, form: Form) -> None:
    """Print what every bridge dropped; an audit's rows tell what would have been."""
    found = client.get("/v1/drops", {"host": host})
    if form is Form.NAME:
        for one in found:
            for each in one["drops"]:
                write(f"{one['host']}/{each['cause']}")
    elif not structured(found, form):
        headings = ["BRIDGE", "CAUSE", "STAGE", "OF", "PACKETS", "BYTES"]
        if form is Form.WIDE:
            headings += ["REASON", "ORIGIN"]
        table(headings, (_row(one, each, form) for one in found for each in one["drops"]))
    for one in found:
        if not one["counted"]:
            complain(f"bridge/{one['host']} is not counted: it is away, or does not answer")


def _row(one: dict[str, Any], each: dict[str, Any], form: Form) -> list[str]:
    row = [f"{one['host']}/{one['bridge']}", each["cause"], each["stage"], each["subject"] or "-"]
    row += [str(each["packets"]), str(each["bytes"])]
    if form is Form.WIDE:
        row += [each["reason"], each["origin"] or "-"]
    return row
