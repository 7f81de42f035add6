"""fsdn session drain: a workload gets no new connections, and those that it has end in time."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.apply import stored_change
from xds_server.cli.editing import with_field
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.output import complain, say

_LOOK = 1.0  # seconds between looks at what is left
_MOST = 100_000  # sessions in one answer
_ENDED = ("TIME_WAIT", "CLOSING", "CLOSE", "LAST_ACK")  # of TCP: nothing is left to wait for


def drain(
    workload: Annotated[str, typer.Argument(help="As tenant/name or name.")],
    service: Annotated[
        str, typer.Option(help="Drain it from this service alone.", show_default="all")
    ] = "",
    timeout: Annotated[
        str, typer.Option(help="When what is left is ended, such as 30s, 5m or 0s: at once.")
    ] = "5m",
    undo: Annotated[bool, typer.Option("--undo", help="Let new connections come again.")] = False,
) -> None:
    """Lead no new connections to a workload, wait for those that it has, then end the others.

    It sets ``drain`` in the stored Workload, or Service, which stays until ``--undo`` or until a
    file without it is applied. Ended sessions get a reset at both ends.
    """
    patience = _patience(timeout)
    held = _object("Workload", workload)
    name = f"{held['tenant']}/{held['name']}"
    if service:
        _store(
            _listing(_object("Service", service, held["tenant"]), held["name"], undo), undo, name
        )
    else:
        _store(_edited(held, "false" if undo else "true"), undo, name)
    if not undo:
        _wait(name, service, patience)


def _patience(text: str) -> float:
    from pydantic_core import PydanticCustomError

    from translators.policy.scalars import parse_duration

    if text in ("0", "0s"):
        return 0.0
    try:
        return parse_duration(text)
    except PydanticCustomError as error:
        raise Fail(error.message(), Exit.USAGE) from error


def _object(kind: str, reference: str, tenant: str = "") -> dict[str, Any]:
    """Return the stored object of a name; raise Fail where there is none, or one in each tenant."""
    within, _, name = reference.rpartition("/")
    query = {"kind": kind, "name": name, "tenant": within or tenant}
    found: list[dict[str, Any]] = client.get("/v1/objects", query)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Fail(f"there is no {kind} {reference}, see 'fsdn get {kind.lower()}'", Exit.REFUSED)
    named = ", ".join(f"{one['tenant']}/{one['name']}" for one in found)
    raise Fail(f"{reference} may be any of {named}", Exit.USAGE)


def _edited(held: dict[str, Any], value: str) -> dict[str, str]:
    """Return the file with the object alone, at the line where its author has it."""
    text = "\n" * (held["line"] - 1) + with_field(held["source"], "drain", value)
    return {"name": held["file"], "text": text}


def _listing(held: dict[str, Any], workload: str, undo: bool) -> dict[str, str]:
    from yaml import safe_load

    before = safe_load(held["source"])["spec"].get("drain", [])
    others = [one for one in before if one.rpartition("/")[2] != workload]
    return _edited(held, json.dumps(others if undo else [*others, workload]))


def _store(file: dict[str, str], undo: bool, name: str) -> None:
    verb = "takes new connections again" if undo else "gets no new connections"
    told = stored_change([file], f"drain {name}" + (" no longer" if undo else ""))
    say(f"{name} {verb} (revision {told['revision']})")


def _wait(name: str, service: str, patience: float) -> None:
    """Wait until no session is left, and end what is left when time is over."""
    until, before = time.monotonic() + patience, -1
    while left := _sessions(name, service):
        if time.monotonic() >= until:
            break
        if len(left) != before:
            say(f"{len(left)} session(s) left")
        before = len(left)
        time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))
    for one in left:
        _kill(one)
    say(f"{name} is drained" + (f", {len(left)} session(s) were ended" if left else ""))


def _kill(one: dict[str, Any]) -> None:
    try:
        client.post(f"/v1/sessions/{one['id']}/kill", {})
    except Fail as error:  # it may have ended by itself; what has not is seen in the list
        complain(f"{one['id']}: {error}")


def _sessions(name: str, service: str) -> list[dict[str, Any]]:
    """Return what services lead to the workload, and its bridge has not seen the end of."""
    query = {"workload": name, "limit": _MOST}
    told = client.get("/v1/sessions", query)
    if told["missing"]:
        hosts = "; ".join(f"{host}: {why}" for host, why in sorted(told["missing"].items()))
        raise Fail(f"it drains, but its sessions cannot be seen: {hosts}", Exit.MACHINE)
    return [one for one in told["sessions"] if _led(one, name, service)]


def _led(one: dict[str, Any], name: str, service: str) -> bool:
    """Whether a session was led to the workload, by this service or by any, and lives."""
    by, path = one["service"], one["path"]
    if one["endpoint"] != name or one["state"] in _ENDED or "(cut)" in path:
        return False
    led = service in (by, by.rpartition("/")[2]) if service else bool(by) or path == "proxy"
    return led and one["protocol"] in ("tcp", "udp")
