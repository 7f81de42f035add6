"""fsdn get: the objects that hold, rules with their placement and hits, and bridges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import typer

from xds_server.cli import client
from xds_server.cli.drops import drops
from xds_server.cli.exits import Exit, Fail
from xds_server.cli.health import health
from xds_server.cli.output import Form, Output, structured, table, write
from xds_server.cli.sessions import sessions

KINDS = (
    "Tenant",
    "Segment",
    "Host",
    "Workload",
    "Service",
    "Policy",
    "Switch",
    "Link",
    "EnvoyResource",
    "EnvoyPatch",
)
_PLURALS = {"policies": "policy", "switches": "switch", "envoypatches": "envoypatch"}


def get(
    kind: Annotated[
        str,
        typer.Argument(
            help="A kind such as policy or workloads; all; rules; sessions; drops; bridges; health."
        ),
    ],
    name: Annotated[str, typer.Argument(help="One object, as name or tenant/name.")] = "",
    tenant: Annotated[str, typer.Option("-t", "--tenant", help="Only of this tenant.")] = "",
    revision: Annotated[int | None, typer.Option(help="As of an earlier revision.")] = None,
    workload: Annotated[str, typer.Option(help="Sessions: at either end.")] = "",
    service: Annotated[str, typer.Option(help="Sessions: addressed by it.")] = "",
    policy: Annotated[str, typer.Option(help="Sessions: admitted by it.")] = "",
    host: Annotated[
        str, typer.Option(help="Sessions: of clients on it; drops: of its bridge.")
    ] = "",
    output: Output = Form.TABLE,
) -> None:
    """List objects; -o yaml prints them as their authors wrote them, ready to apply again."""
    if kind.lower() in ("session", "sessions"):
        named = {"workload": workload, "service": service, "policy": policy, "host": host}
        sessions(named, output)
        return
    if kind.lower() in ("drop", "drops"):
        drops(host, output)
        return
    if kind.lower() in _LIVE:
        _LIVE[kind.lower()](output)
        return
    if "/" in name:
        tenant, _, name = name.partition("/")
    query = {"kind": _kind(kind), "tenant": tenant, "name": name, "revision": revision}
    found = client.get("/v1/objects", query)
    if name and not found:
        raise Fail(f"there is no {kind} {name}; 'fsdn get all -o name' lists all", Exit.REFUSED)
    if output is Form.WIDE and query["kind"] == "policy" and revision is None:
        _policies(found)
    else:
        _print(found, output)


def _kind(text: str) -> str:
    if text == "all":
        return ""
    lower = text.lower()
    singular = _PLURALS.get(lower, lower.removesuffix("s"))
    if singular not in {kind.lower() for kind in KINDS}:
        known = ", ".join(kind.lower() for kind in KINDS)
        raise Fail(
            f"there is no kind {text!r}, known are {known},"
            " rules, sessions, drops, bridges, health and all",
            Exit.USAGE,
        )
    return singular


def _print(found: list[dict[str, Any]], form: Form) -> None:
    if form is Form.NAME:
        for one in found:
            write(one["key"])
    elif form is Form.YAML:
        write("\n---\n".join(one["source"].strip("\n") for one in found))
    elif not structured(found, form):
        headings = ["KIND", "TENANT", "NAME"] + (["FILE"] if form is Form.WIDE else [])
        table(headings, (_row(one, form) for one in found))


def _row(one: dict[str, Any], form: Form) -> list[str]:
    row = [one["kind"], one["tenant"], one["name"]]
    return [*row, f"{one['file']}:{one['line']}"] if form is Form.WIDE else row


def _policies(found: list[dict[str, Any]]) -> None:
    """Print policies with what bridges counted for all their rules; "-" where none counts."""
    packets: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for rule in client.get("/v1/rules"):
        if rule["packets"] is not None:
            policy = rule["name"].partition("[")[0]
            packets[policy] += rule["packets"]
            size[policy] += rule["bytes"]
    rows = []
    for one in found:
        name = f"{one['tenant']}/{one['name']}"
        hits = [str(part[name]) if name in part else "-" for part in (packets, size)]
        rows.append([*_row(one, Form.WIDE), *hits])
    table(("KIND", "TENANT", "NAME", "FILE", "PACKETS", "BYTES"), rows)


def _rules(form: Form) -> None:
    found = client.get("/v1/rules")
    if form is Form.NAME:
        for one in found:
            write(one["name"])
    elif not structured(found, form):
        headings = ["RULE", "ACTION", "LAYER", "PACKETS", "BYTES", "ORIGIN"]
        if form is Form.WIDE:
            headings += ["WHERE", "REASON", "REFUSED", "SAVING"]
        table(headings, (_rule(one, form) for one in found))


def _rule(one: dict[str, Any], form: Form) -> list[str]:
    places = one["placements"]
    layers = ", ".join(sorted({place["layer"] for place in places}))
    hits = ["-" if one[part] is None else str(one[part]) for part in ("packets", "bytes")]
    row = [one["name"], one["action"], layers, *hits, one["origin"]]
    if form is Form.WIDE:
        row += ["; ".join(place[part] for place in places) for part in ("where", "reason")]
        row.append("; ".join(text for place in places for text in place["refused"]))
        row.append("; ".join(place["saving"] for place in places if place["saving"]))
    return row


def _bridges(form: Form) -> None:
    """Print every bridge that connected or that a database describes, declared or not."""
    found = client.get("/v1/bridges")
    if form is Form.NAME:
        for one in found:
            write(one["datapath_id"])
    elif not structured(found, form):
        headings = ["DATAPATH ID", "HOST", "STATE", "BRIDGE", "VERSION", "FAIL MODE"]
        if form is Form.WIDE:
            headings += ["CONTROLLERS", "MANAGERS", "PORTS"]
        table(headings, (_bridge(one, form) for one in found))


def _bridge(one: dict[str, Any], form: Form) -> list[str]:
    texts = ("host", "state", "bridge", "ovs_version", "fail_mode")
    row = [one["datapath_id"], *(one[each] or "-" for each in texts)]
    if form is Form.WIDE:
        row += [", ".join(one["controllers"]) or "-", ", ".join(one["managers"]) or "-"]
        row.append(", ".join(port["name"] for port in one["ports"]) or "-")
    return row


_LIVE: dict[str, Callable[[Form], None]] = {  # what no author wrote
    "rule": _rules,
    "rules": _rules,
    "health": health,
    "bridge": _bridges,
    "bridges": _bridges,
}
