"""fsdn diff: what applying files would change in objects, in meaning and on each device."""

from __future__ import annotations

from typing import Annotated

import typer

from xds_server.cli import client, shown
from xds_server.cli.apply import Files, Prune, files_body
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.output import Form, Output, say, structured


def diff(
    file: Files,
    prune: Prune = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the exit code.")] = False,
    output: Output = Form.TABLE,
) -> None:
    """Say what applying the files would change; exit 0 for nothing, 1 for something, 2 refused."""
    try:
        told = client.post("/v1/diff", {"files": files_body(file), "prune": prune})
    except Fail as fail:
        if isinstance(fail, client.Refusal):
            shown.findings(fail.diagnostics)
        # 1 says that there are differences, so an error needs another code.
        raise Fail(str(fail), max(fail.code, Exit.USAGE)) from fail
    if output is Form.NAME and not quiet:
        shown.names(told)
    elif not quiet and not structured(told, output):
        shown.findings(told["diagnostics"])
        shown.outcome({**told, "meaning": []})
        shown.meaning(told)
        if not told["changes"]:
            say("no difference")
    if told["changes"]:
        raise typer.Exit(Exit.REFUSED)
