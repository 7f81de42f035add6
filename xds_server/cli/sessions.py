"""fsdn get sessions: live connections in the words of the policy."""

from __future__ import annotations

from typing import Any

from xds_server.cli import client
from xds_server.cli.output import Form, complain, structured, table, write


def sessions(query: dict[str, str], form: Form) -> None:
    """Print the sessions that a query asks for."""
    told = client.get("/v1/sessions", {name: value for name, value in query.items() if value})
    found = told["sessions"]
    if form is Form.NAME:
        for one in found:
            write(one["id"])
    elif not structured(found, form):
        headings = ["ID", "SOURCE", "SERVICE", "ENDPOINT", "PROTOCOL", "STATE", "AGE", "RULE"]
        if form is Form.WIDE:
            headings += ["FROM", "TO", "AT", "PATH", "PACKETS", "BYTES", "ORIGIN"]
        table(headings, (_row(one, form) for one in found))
    for host, why in sorted(told["missing"].items()):
        complain(f"{host}: {why}")
    if told["left_off"]:
        complain(f"{told['left_off']} more are not shown, name a workload, service or policy")


def _row(one: dict[str, Any], form: Form) -> list[str]:
    row = [one["id"], one["source"], one["service"] or one["destination_address"]]
    draining = " (draining)" if one["draining"] else ""
    row += [(one["endpoint"] or "-") + draining, one["protocol"], one["state"] or "-"]
    row.append(_age(one["age"]))
    row.append(one["rule"] or "-")
    if form is Form.WIDE:
        ends = [one[f"{end}_address"] for end in ("source", "destination", "endpoint")]
        counts = ["-" if one[part] is None else str(one[part]) for part in ("packets", "bytes")]
        row += [*ends, one["path"], *counts, one["origin"] or "-"]
    return row


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f}s"
