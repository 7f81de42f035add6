"""fsdn proxy: what each proxy was sent, what it has, and why."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from xds_server.cli import client, shown
from xds_server.cli.exits import Exit
from xds_server.cli.output import Form, Output, complain, say, structured, table, under, write

app = typer.Typer(help="Show what proxies were sent, what they have, and why.")

_SHORT = {"Listener": "LDS", "RouteConfiguration": "RDS", "Cluster": "CDS"}
_SHORT |= {"ClusterLoadAssignment": "EDS", "Secret": "SDS"}


class What(StrEnum):
    """A type of resources, as Envoy's admin page calls it."""

    LISTENERS = "listeners"
    ROUTES = "routes"
    CLUSTERS = "clusters"
    ENDPOINTS = "endpoints"
    SECRETS = "secrets"


_NAMES = {
    What.LISTENERS: "Listener",
    What.ROUTES: "RouteConfiguration",
    What.CLUSTERS: "Cluster",
    What.ENDPOINTS: "ClusterLoadAssignment",
    What.SECRETS: "Secret",
}
Node = Annotated[str, typer.Argument(help="Node id: the name of the proxy's Host document.")]
Admin = Annotated[
    str, typer.Option(help="The proxy's admin address, host:port or the path of a Unix socket.")
]


@app.command()
def status(output: Output = Form.TABLE) -> None:
    """List every proxy with what it was sent, acknowledged and refused, per type."""
    told = client.get("/v1/proxies")
    if output is Form.NAME:
        for one in told:
            write(one["node"])
    elif not structured(told, output):
        headings = (
            "NODE",
            "TYPE",
            "STATE",
            "SENT",
            "ACKED",
            "NACKED",
            "AGE",
            "IDENTITY",
            "REPLICA",
            "ADDRESS",
        )
        table(headings, [row for one in told for row in _rows(one)])
        for one in told:
            for kind in one["sent"]:
                if kind["reason"]:
                    complain(f"{one['node']}: refused {_short(kind['type'])}: {kind['reason']}")


def _rows(one: dict[str, Any]) -> list[list[str]]:
    where = [one["identity"] or "-", one["replica"] or "-", one["device"]["detail"] or "-"]
    rows = [
        [
            one["node"],
            _short(kind["type"]),
            kind["state"],
            *(kind[part][:12] or "-" for part in ("sent", "acked", "nacked")),
            _age(kind["at"]),
            *where,
        ]
        for kind in one["sent"]
    ]
    return rows or [[one["node"], "-", one["device"]["state"], "-", "-", "-", "-", *where]]


def _age(at: float) -> str:
    if not at:
        return "-"
    seconds = max(0, int(time.time() - at))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _dumped(admin: str) -> dict[tuple[str, str], Any]:
    from xds_server.cli.admin import config_dump

    return config_dump(admin)


@app.command()
def config(
    node: Node,
    what: Annotated[What | None, typer.Argument(help="One type; all if left out.")] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only what differs from --admin; exit 1 if any does.")
    ] = False,
    admin: Admin = "",
    output: Output = Form.TABLE,
) -> None:
    """Show what a proxy was sent and whether it acknowledged it; with --admin, what it runs."""
    if diff and not admin:
        raise typer.BadParameter("give the proxy's --admin address to compare with")
    sent = [one for one in client.get(f"/v1/proxies/{node}/resources") if _is(one, what)]
    runs = _dumped(admin) if admin else {}
    rows = [_compared(one, runs) for one in sent] if admin else sent
    known = {(one["type"], one["name"]) for one in sent}
    rows += [
        {
            "type": kind,
            "name": name,
            "version": "",
            "origin": "",
            "running": "not ours",
            "body": body,
        }
        for (kind, name), body in sorted(runs.items())
        if (kind, name) not in known and _is({"type": kind}, what)
    ]
    rows = [one for one in rows if not diff or one["running"] != "same"]
    _print(rows, output, bool(admin))
    if diff and rows:
        raise typer.Exit(Exit.REFUSED)


def _is(one: dict[str, Any], what: What | None) -> bool:
    return what is None or one["type"].rpartition(".")[2] == _NAMES[what]


def _compared(one: dict[str, Any], runs: dict[tuple[str, str], Any]) -> dict[str, Any]:
    found = runs.get((one["type"], one["name"]))
    if found is None:
        return {**one, "running": "missing"}
    same = _essence(one["type"], found) == _essence(one["type"], one["body"])
    return {**one, "running": "same" if same else "other"}


def _essence(kind: str, body: dict[str, Any]) -> Any:
    """Return what to compare: Envoy makes assignments anew, with defaults, so only addresses do."""
    if kind.rpartition(".")[2] == _NAMES[What.SECRETS]:
        return body["name"]
    if kind.rpartition(".")[2] != _NAMES[What.ENDPOINTS]:
        return body
    members = [
        one for locality in body.get("endpoints", ()) for one in locality.get("lb_endpoints", ())
    ]
    return sorted(json.dumps(one["endpoint"]["address"], sort_keys=True) for one in members)


def _print(rows: list[dict[str, Any]], form: Form, compared: bool) -> None:
    if form is Form.NAME:
        for one in rows:
            write(one["name"])
    elif not structured(rows, form):
        last = "RUNNING" if compared else "ACKED"
        table(("TYPE", "NAME", "VERSION", last, "ORIGIN"), [_line(one, compared) for one in rows])


def _line(one: dict[str, Any], compared: bool) -> list[str]:
    said = one["running"] if compared else ("yes" if one["acked"] else "no")
    return [_short(one["type"]), one["name"], one["version"][:12], said, one["origin"]]


@app.command()
def explain(
    node: Node,
    resource: Annotated[str, typer.Argument(help="Name, as 'fsdn proxy config' lists it.")],
    output: Output = Form.TABLE,
) -> None:
    """Say why a resource is on a proxy: the policy's file and line, and what it belongs to."""
    told = client.get(f"/v1/proxies/{node}/explain", {"name": resource})
    if structured(told, output):
        return
    for one in told:
        say(f"{one['type'].rpartition('.')[2]} {one['name']}")
        under(f"because of {one['origin'][0]}")
        for patch in one["origin"][1:]:
            under(f"patched by {patch}")
        if one["object"]:
            under(f"{one['object']}: {one['text']}")
        for label, names in (("used by", one["used_by"]), ("uses", one["uses"])):
            for name in names:
                under(f"{label} {name}")


@app.command()
def reload(
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Also if proxies lose much, or all they have.")
    ] = False,
) -> None:
    """Read the server's folder of resources (fsdn serve --resources) now, and serve it."""
    path = "/v1/folders/resources/reload"
    try:
        shown.folder(client.post(path + ("?allow_shrink=true" if allow_shrink else ""), {}))
    except client.Refusal as refusal:
        shown.findings(refusal.diagnostics)
        raise


def _short(url: str) -> str:
    name = url.rpartition(".")[2]
    return _SHORT.get(name, name)
