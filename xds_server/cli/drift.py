"""fsdn drift: what bridges hold beside what they should, and mending it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.exits import Exit
from xds_server.cli.output import Form, Output, complain, say, structured, table, write

_TROUBLE = {
    "away": "it is not connected, or has not got its first program yet",
    "silent": "it does not answer, or is changed all the time",
}


def drift(
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Mend what differs, and remove foreign flows and groups outside spared tables, and"
            " a QoS of others in the place of a queue.",
        ),
    ] = False,
    host: Annotated[str, typer.Option("--host", help="Only the bridge of this Host.")] = "",
    output: Output = Form.TABLE,
) -> None:
    """Compare the flows, groups, ports and queues of each bridge with what it should hold.

    Exits 1 if something differs, with --fix if something still does.
    """
    asked = {"host": host}
    found = client.post("/v1/drift", asked) if fix else client.get("/v1/drift", asked)
    if output is Form.NAME:
        for one in found:
            if one["differences"]:
                write(one["host"])
    elif not structured(found, output):
        _show(found)
    silent = any(one["seen"] == "silent" for one in found)
    if silent or any(one["differences"] for one in found):
        raise typer.Exit(Exit.REFUSED)


def _show(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["host"], each["kind"], each["what"], each["origin"] or "-"]
        for one in found
        for each in one["differences"]
    ]
    if rows:
        table(("HOST", "KIND", "WHAT", "ORIGIN"), rows)
    same = sum(one["seen"] == "compared" and not one["differences"] for one in found)
    if same:
        say(f"{same} bridge(s) hold exactly what they should")
    for one in found:
        if one["seen"] in _TROUBLE:
            complain(f"bridge/{one['host']} was not compared: {_TROUBLE[one['seen']]}")
