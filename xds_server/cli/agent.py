"""fsdn agent: run beside a switch or a host and do there what the server wants."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from xds_server.cli.exits import Exit, Fail


class AgentRole(StrEnum):
    """What the agent drives."""

    SWITCH = "switch"
    HOST = "host"


def agent(
    role: Annotated[AgentRole, typer.Option(help="What the agent drives.")],
    name: Annotated[str, typer.Option(help="The Switch or Host document's name.")],
) -> None:
    """Run an agent."""
    raise Fail(f"no {role} {name}", Exit.MACHINE)
