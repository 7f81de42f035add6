"""fsdn status: every proxy, bridge and switch, per type of configuration."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xds_server.cli import client, shown
from xds_server.cli.exits import Exit
from xds_server.cli.output import Form, Output, complain, say, structured, table, write

_SHORT = {
    "Listener": "LDS",
    "RouteConfiguration": "RDS",
    "Cluster": "CDS",
    "ClusterLoadAssignment": "EDS",
    "Secret": "SDS",
}


def status(
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit 1 unless all devices are SYNCED, and all folders served."
        ),
    ] = False,
    output: Output = Form.TABLE,
) -> None:
    """Show whether each device runs what it should, and if not, why and because of which line."""
    told = client.get("/v1/status")
    told["folders"] = client.get("/v1/folders")
    found = told["devices"]
    if output is Form.NAME:
        for device in found:
            write(device["device"])
    elif not structured(told, output):
        _show(told, output)
    refused = any(folder["state"] == "refused" for folder in told["folders"])
    if check and (refused or any(device["state"] != "SYNCED" for device in found)):
        raise typer.Exit(Exit.REFUSED)


def _show(told: dict[str, Any], form: Form) -> None:
    say(_headline(told))
    if told["store"]:
        complain(f"evidence is not stored: {told['store']}")
    for folder in told["folders"]:
        shown.folder(folder)
    if not told["devices"]:
        say("no device is declared or connected; apply Host and Switch documents")
        return
    headings = ["DEVICE", "STATE", "TYPES"] + (["WRITTEN", "DETAIL"] if form is Form.WIDE else [])
    table(headings, (_row(device, form) for device in told["devices"]))
    for device in told["devices"]:
        for line in _troubles(device):
            complain(f"{device['device']}: {line}")


def _headline(told: dict[str, Any]) -> str:
    if not told["revision"]:
        return "nothing was applied yet"
    connected = any(device["connected"] for device in told["devices"])
    done = "runs on every connected device" if connected else "holds, and no device is connected"
    return f"revision {told['revision']} {done if told['acked'] else 'is on its way'}"


def _row(device: dict[str, Any], form: Form) -> list[str]:
    types = "  ".join(f"{_short(kind['type'])} {kind['state']}" for kind in device["types"])
    row = [device["device"], device["state"], types]
    if form is Form.WIDE:
        written = "  ".join(
            f"{_short(kind['type'])} {kind['written']}"
            for kind in device["types"]
            if kind["written"] is not None
        )
        row += [written, device["detail"]]
    return row


def _short(url: str) -> str:
    name = url.rpartition(".")[2]
    return _SHORT.get(name, name)


def _troubles(device: dict[str, Any]) -> list[str]:
    lines = list(device["warnings"])
    for kind in device["types"]:
        if kind["state"] == "NACKED":
            where = f" ({kind['origin']})" if kind["origin"] else ""
            what = f" {kind['resource']}" if kind["resource"] else ""
            lines.append(f"refused {_short(kind['type'])}{what}{where}: {kind['reason']}")
    if device["state"] == "UNKNOWN" and device["name"] != "*":
        lines.append(f"not declared, so it is told nothing; apply a {_kind(device)} document")
    return lines


def _kind(device: dict[str, Any]) -> str:
    return "Switch" if device["kind"] == "switch" else "Host"
