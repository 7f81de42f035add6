"""fsdn session: what is done to live connections."""

from __future__ import annotations

from typing import Annotated

import typer

from xds_server.cli import client
from xds_server.cli.draining import drain
from xds_server.cli.output import say

app = typer.Typer(help="What is connected now.")
app.command()(drain)


@app.command()
def kill(
    identifiers: Annotated[list[str], typer.Argument(metavar="ID...", help="As listed.")],
) -> None:
    """End sessions: both ends of a TCP connection get a reset at their next packet."""
    for identifier in identifiers:
        one = client.post(f"/v1/sessions/{identifier}/kill", {})
        whom = one["service"] or one["destination_address"]
        say(f"killed {one['id']}: {one['source']} ({one['source_address']}) to {whom}")
