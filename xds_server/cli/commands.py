"""The commands by name: where each one is, and its line of help.

A command's module is imported when the command runs, or is asked for its own help: what one
command needs, all others would wait for. The list of commands is printed from here alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Command(NamedTuple):
    """A command, or group of commands: ``place`` is a module of this package and a name in it."""

    place: str
    summary: str


COMMANDS = {
    "serve": Command(
        "serve:serve", "Run the controller: proxies, bridges, switches and you connect to it."
    ),
    "apply": Command(
        "apply:apply",
        "Merge policy files into what holds; an error anywhere means that nothing changes.",
    ),
    "diff": Command(
        "diff:diff",
        "Say what applying the files would change; exit 0 for nothing, 1 for something, 2 refused.",
    ),
    "get": Command(
        "get:get",
        "List objects; -o yaml prints them as their authors wrote them, ready to apply again.",
    ),
    "delete": Command("apply:delete", "Remove objects; refused while others refer to them."),
    "validate": Command(
        "offline:validate",
        "Check files without a server: all findings, each with file, line and mend.",
    ),
    "compile": Command(
        "offline:compile_",
        "Translate files without a server, and print what devices would be told.",
    ),
    "status": Command(
        "status:status",
        "Show whether each device runs what it should, and if not, why and because of which line.",
    ),
    "drift": Command(
        "drift:drift",
        "Compare the flows, groups, ports and queues of each bridge with what it should hold.",
    ),
    "explain": Command(
        "explain:explain",
        "Explain a connection or request; exit 0 if it is allowed, 3 if it is denied.",
    ),
    "observe": Command(
        "observe:observe",
        "Show what proxies saw: who asked what of whom, what became of it, and by which rule.",
    ),
    "history": Command("history:history", "List revisions, newest first, or one of them in full."),
    "rollback": Command(
        "apply:rollback", "Make an earlier revision hold again, exactly, as a new revision."
    ),
    "schema": Command("offline:schema", "Print the JSON Schema of the language, for editors."),
    "agent": Command(
        "agent:agent",
        "Run an agent until SIGTERM; it waits for the server, and works on without it.",
    ),
    "bootstrap": Command(
        "bootstrap:bootstrap",
        "Print the configuration with which a proxy, or a gRPC client, starts.",
    ),
    "version": Command("version:version", "Print the version."),
    "proxy": Command("proxy:app", "Show what proxies were sent, what they have, and why."),
    "session": Command("session:app", "What is connected now."),
}


class Commands(TyperGroup):
    """A group that lists its commands by their summaries, and imports the one that is meant."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, command in COMMANDS.items():
            self.add_command(TyperCommand(name, help=command.summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command itself in the place of its summary, and what follows."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load(name), rest


def load(name: str) -> Any:
    """Return a command or group as typer makes it, with all of its options."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    found = getattr(import_module(f"xds_server.cli.{module}"), attribute)
    holder = typer.Typer()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name, no_args_is_help=True)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]
