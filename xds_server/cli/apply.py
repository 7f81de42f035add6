"""fsdn apply, delete and rollback: commands that change the network, and may wait until it has."""

from __future__ import annotations

import getpass
import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from xds_server.cli import client, shown
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.files import read_files
from xds_server.cli.output import Form, Output, complain, say, seconds, structured


class Wait(StrEnum):
    """How far a change must have come before the command ends."""

    NONE = "none"
    COMPILED = "compiled"
    ACKED = "acked"


Files = Annotated[list[str], typer.Option("-f", "--file", help="File, directory, or - for stdin.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, store nothing.")]
Waiting = Annotated[
    Wait,
    typer.Option(help="End when the change is stored (none, compiled) or runs everywhere (acked)."),
]
Timeout = Annotated[float, typer.Option(min=0, max=300, help="Seconds to wait at most.")]
Message = Annotated[str, typer.Option("-m", "--message", help="Why, for the history.")]
Author = Annotated[str, typer.Option(help="Who, for the history.", show_default="the user")]
Prune = Annotated[bool, typer.Option("--prune", help="Remove objects that no file has.")]
AllowShrink = Annotated[
    bool,
    typer.Option("--allow-shrink", help="Let a proxy lose over 30 % or all of a type."),
]


def apply(
    file: Files,
    dry_run: DryRun = False,
    prune: Prune = False,
    allow_shrink: AllowShrink = False,
    wait: Waiting = Wait.NONE,
    timeout: Timeout = 30,
    message: Message = "",
    author: Author = "",
    output: Output = Form.TABLE,
) -> None:
    """Merge policy files into what holds; an error anywhere means that nothing changes."""
    body = _body(dry_run, message, author)
    body |= {"files": files_body(file), "prune": prune, "allow_shrink": allow_shrink}
    _change("/v1/apply", body, wait, timeout, output)


def delete(
    key: Annotated[
        list[str] | None, typer.Argument(help="Such as policy/shop/reviews or host/host1.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("-f", "--file", help="Remove what is declared here: file, directory, or -."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove every object.")] = False,
    dry_run: DryRun = False,
    wait: Waiting = Wait.NONE,
    timeout: Timeout = 30,
    message: Message = "",
    author: Author = "",
    output: Output = Form.TABLE,
) -> None:
    """Remove objects; refused while others refer to them."""
    keys = [*(key or []), *(keys_of(file) if file else ())]
    body = _body(dry_run, message, author) | {"keys": keys, "all": everything}
    _change("/v1/delete", body, wait, timeout, output)


def rollback(
    revision: Annotated[int, typer.Argument(min=1, help="Number, as 'fsdn history' shows it.")],
    dry_run: DryRun = False,
    wait: Waiting = Wait.NONE,
    timeout: Timeout = 30,
    message: Message = "",
    author: Author = "",
    output: Output = Form.TABLE,
) -> None:
    """Make an earlier revision hold again, exactly, as a new revision."""
    body = _body(dry_run, message, author) | {"revision": revision}
    _change("/v1/rollback", body, wait, timeout, output)


def stored_change(files: list[dict[str, str]], message: str) -> Any:
    """Store files and wait until devices run them; return what the server answers."""
    body = _body(False, message, "") | {"files": files, "prune": False, "allow_shrink": False}
    told = client.post("/v1/apply", body)
    if told["stored"]:
        query = {"level": Wait.ACKED.value, "timeout": 30}
        waited = client.get(f"/v1/revisions/{told['revision']}/wait", query, 40)
        if not waited["reached"]:
            complain(_late(waited, 30))
    return told


def files_body(names: list[str]) -> list[dict[str, str]]:
    """Return the files as the API wants them."""
    return [{"name": name, "text": text} for name, text in read_files(names)]


def keys_of(names: list[str]) -> list[str]:
    """Return the keys of the objects that files declare; raise Fail after printing findings."""
    from translators.diagnostics import has_errors
    from translators.policy.load import load

    loaded = [load(text, name) for name, text in read_files(names)]
    findings = tuple(sorted(d for one in loaded for d in one.diagnostics))
    if has_errors(findings):
        for finding in findings:
            complain(str(finding))
        raise Fail("the files have errors, so nothing was removed", Exit.REFUSED)
    return sorted({document.key for one in loaded for document in one.documents})


def _body(dry_run: bool, message: str, author: str) -> dict[str, Any]:
    return {"dry_run": dry_run, "message": message, "author": author or _user()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        return "unknown"


def _change(path: str, body: dict[str, Any], wait: Wait, timeout: float, form: Form) -> None:
    began = time.monotonic()
    try:
        told = client.post(path, body)
    except client.Refusal as refusal:
        _refused(refusal, form)
        raise
    waited = None
    if told["stored"] and wait is not Wait.NONE:
        query = {"level": wait.value, "timeout": timeout}
        where = f"/v1/revisions/{told['revision']}/wait"
        waited = client.get(where, query, timeout + 10)
    if form is Form.NAME:
        shown.names(told)
    elif not structured({**told, "waited": waited}, form):
        _show(told, waited, body["dry_run"], time.monotonic() - began)
    if waited is not None and not waited["reached"]:
        raise Fail(_late(waited, timeout), Exit.TIMEOUT)


def _refused(refusal: client.Refusal, form: Form) -> None:
    if not structured({"error": str(refusal), "diagnostics": refusal.diagnostics}, form):
        shown.findings(refusal.diagnostics)


def _show(told: dict[str, Any], waited: dict[str, Any] | None, dry_run: bool, took: float) -> None:
    shown.findings(told["diagnostics"])
    shown.outcome(told)
    if dry_run:
        say("dry run: nothing was stored" if told["changes"] else "dry run: nothing would change")
    elif not told["stored"]:
        say(f"nothing changed, revision {told['revision']} holds")
    else:
        say(f"revision {told['revision']} is stored and published ({seconds(took)})")
    if waited is not None and waited["reached"] and waited["level"] == Wait.ACKED:
        _acked(waited, took)


def _acked(waited: dict[str, Any], took: float) -> None:
    after = seconds(took if waited["seconds"] is None else waited["seconds"])
    if waited["synced"]:
        say(f"acknowledged by {waited['synced']} connected device(s) after {after}")
    if waited["absent"]:
        complain(f"not connected, so not asked: {', '.join(waited['absent'])}")


def _late(waited: dict[str, Any], timeout: float) -> str:
    outstanding = ", ".join(waited["outstanding"]) or "a rollout still in progress"
    return (
        f"revision {waited['revision']} is stored, but after {timeout:g} s these have not "
        f"acknowledged it: {outstanding}; see 'fsdn status'"
    )
