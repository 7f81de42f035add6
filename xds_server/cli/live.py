"""fsdn explain --live: the tables of real bridges beside the predicted ones."""

from __future__ import annotations

from typing import Any

from xds_server.cli.output import Form, complain, say, table, under


def show(told: dict[str, Any], form: Form) -> None:
    """Print each bridge's tables, and what differs first."""
    what = "a packet of an established connection" if told["established"] else "a first packet"
    for bridge in told["bridges"]:
        say(f"{bridge['device']}, {what}:")
        table(("TABLE", "STAGE", "REAL", "RULE", "FLOW"), (_row(row) for row in bridge["rows"]))
        for row in bridge["rows"]:
            if form is Form.WIDE or not row["same"]:
                _sides(row)
        ends = f"predicted {bridge['predicted']}, real {bridge['real']}"
        say(f"{bridge['device']}: {bridge['real'] if bridge['same'] else ends}")
    for bridge in told["bridges"]:
        if not bridge["same"]:
            complain(f"{bridge['device']} differs: {bridge['difference']}")
    if told["same"]:
        say("the bridges do what is predicted")


def _row(row: dict[str, Any]) -> list[str]:
    shown = row["real"] or row["predicted"]
    origin = f"({shown['origin']})" if shown["origin"] else ""
    rule = f"{shown['rule']} {origin}".strip()
    foreign = "" if shown["ours"] else f"not ours, cookie {shown['cookie']}"
    verdict = "same" if row["same"] else "DIFFERENT"
    flow = shown["flow"].partition(" actions=")[0].partition(f"table={row['table']},")[2]
    return [str(row["table"]), row["stage"] or "-", verdict, rule or foreign or "-", flow]


def _sides(row: dict[str, Any]) -> None:
    for side in ("predicted", "real"):
        told = row[side]
        under(f"table {row['table']}, {side}: {told['flow'] if told else 'not reached'}")
