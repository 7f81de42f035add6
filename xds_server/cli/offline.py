"""fsdn validate, compile and schema: the thinking half alone, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xds_server.cli.apply import Files
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.files import read_files
from xds_server.cli.output import Form, Output, complain, say, structured, write

if TYPE_CHECKING:  # the schema alone needs neither
    from translators.diagnostics import Diagnostic
    from translators.plan.model import Plan


class Target(StrEnum):
    """What to compile to."""

    PLAN = "plan"
    XDS = "xds"
    OPENFLOW = "openflow"
    FRR = "frr"


def validate(file: Files, output: Output = Form.TABLE) -> None:
    """Check files without a server: all findings, each with file, line and mend."""
    plan, diagnostics = _compiled(file)
    views = [{**_plain(d), "text": str(d)} for d in diagnostics]
    if not structured(views, output):
        for diagnostic in diagnostics:
            complain(str(diagnostic))
    if plan is None:
        raise typer.Exit(Exit.REFUSED)
    if output in (Form.TABLE, Form.WIDE):
        counts = f"{len(plan.endpoints)} workloads, {len(plan.services)} services"
        say(f"valid: {counts}, {len(plan.rules)} rules on {len(plan.hosts)} hosts")


def compile_(
    file: Files,
    to: Annotated[Target, typer.Option("--to", help="The dialect.")],
    host: Annotated[str, typer.Option(help="One host; xds and openflow.")] = "",
    switch: Annotated[str, typer.Option(help="One switch; frr.")] = "",
) -> None:
    """Translate files without a server, and print what devices would be told."""
    plan = plan_of(file)
    parts = list(_parts(plan, to, host, switch))
    for name, text in parts:
        if len(parts) > 1:
            write(f"# {name}")
        write(text.rstrip("\n"))


def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    from translators.policy.schema import json_schema

    write(json.dumps(json_schema(), indent=2, sort_keys=True))


def plan_of(names: list[str]) -> Plan:
    """Return the plan that files compile to; raise Fail after printing all findings."""
    plan, diagnostics = _compiled(names)
    for diagnostic in diagnostics:
        complain(str(diagnostic))
    if plan is None:
        raise Fail("the files have errors, mend them and try again", Exit.REFUSED)
    return plan


def _compiled(names: list[str]) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    from xds_server.controller.compile import load_files, planned
    from xds_server.controller.errors import RefusedError
    from xds_server.controller.values import SourceFile

    files = [SourceFile(name, text) for name, text in read_files(names)]
    try:
        documents, found = load_files(files)
        return planned(documents, found)
    except RefusedError as error:
        return None, error.diagnostics


def _plain(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "file": diagnostic.file,
        "line": diagnostic.line,
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "mend": diagnostic.mend,
        "path": diagnostic.path,
    }


def _parts(plan: Plan, to: Target, host: str, switch: str) -> Iterator[tuple[str, str]]:
    from xds_server.controller import printing

    if to is Target.PLAN:
        yield "plan", printing.plan_text(plan)
        return
    if to is Target.FRR:
        for name in _chosen(switch, sorted(s.name for s in plan.switches), "switch"):
            yield name, printing.switch_text(plan, name)
        return
    text = printing.proxy_text if to is Target.XDS else printing.bridge_text
    for name in _chosen(host, sorted(plan.host), "host"):
        yield name, text(plan, name)


def _chosen(name: str, known: list[str], what: str) -> list[str]:
    if name and name not in known:
        listed = ", ".join(known) or "none"
        raise Fail(f"the files declare no {what} {name!r}, known: {listed}", Exit.REFUSED)
    return [name] if name else known
