"""fsdn history: who changed what, when, why, and how long it took to run everywhere."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.output import Form, Output, clock, say, seconds, structured, table, write


def history(
    revision: Annotated[int | None, typer.Argument(help="Show this one with its objects.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    output: Output = Form.TABLE,
) -> None:
    """List revisions, newest first, or one of them in full."""
    if revision is None:
        found = client.get("/v1/revisions", {"limit": limit})
    else:
        found = [client.get(f"/v1/revisions/{revision}")]
    if output is Form.NAME:
        for one in found:
            write(str(one["revision"]))
    elif not structured(found, output):
        _show(found, output, whole=revision is not None)


def _show(found: list[dict[str, Any]], form: Form, whole: bool) -> None:
    headings = ["REVISION", "WHEN (UTC)", "AUTHOR", "CHANGES", "ACKED AFTER", "MESSAGE"]
    table([*headings, "DIGEST"] if form is Form.WIDE else headings, (_row(o, form) for o in found))
    for one in found if whole else []:
        for change, key in one["changes"]:
            say(f"{change} {key}")
        if one["devices"]:
            table(("DEVICE", "STATE", "AFTER", "REASON"), map(_device, one["devices"]))


def _device(told: dict[str, Any]) -> list[str]:
    after = "-" if told["seconds"] is None else seconds(told["seconds"])
    where = f"{told['origin']}: " if told["origin"] else ""
    return [told["device"], told["reach"], after, where + told["reason"]]


def _row(one: dict[str, Any], form: Form) -> list[str]:
    when = clock(one["at"])
    after = "-" if one["acked_after"] is None else seconds(one["acked_after"])
    first = one["message"].partition("\n")[0]
    row = [str(one["revision"]), when, one["author"], str(len(one["changes"])), after, first]
    return [*row, one["digest"][:16]] if form is Form.WIDE else row
