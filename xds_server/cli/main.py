"""The command fsdn: its commands, its common options, and how it ends when something is wrong."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from xds_server.cli import (
    agent,
    apply,
    bootstrap,
    diff,
    drift,
    explain,
    get,
    history,
    observe,
    offline,
    proxy,
    serve,
    sessions,
    status,
)
from xds_server.cli.context import shared
from xds_server.cli.exits import HELP, Exit, Fail
from xds_server.cli.output import complain, write
from xds_server.settings import ClientSettings

app = typer.Typer(
    name="fsdn",
    help="Full-stack SDN: one policy language for proxies, vswitches and the fabric.",
    epilog=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(serve.serve)
app.command()(apply.apply)
app.command()(diff.diff)
app.command()(get.get)
app.command()(apply.delete)
app.command()(offline.validate)
app.command("compile")(offline.compile_)
app.command()(status.status)
app.command()(drift.drift)
app.command()(explain.explain)
app.add_typer(proxy.app, name="proxy", no_args_is_help=True)
app.add_typer(sessions.app, name="session", no_args_is_help=True)
app.command()(observe.observe)
app.command()(history.history)
app.command()(apply.rollback)
app.command()(offline.schema)
app.command()(agent.agent)
app.command()(bootstrap.bootstrap)


@app.command()
def version() -> None:
    """Print the version."""
    write(installed("fullstack-sdn"))


def _described(field: str) -> str:
    return ClientSettings.model_fields[field].description or ""


@app.callback()
def common(
    state: Annotated[Path | None, typer.Option(help=_described("state"))] = None,
    api: Annotated[str | None, typer.Option(help=_described("api"))] = None,
    token_file: Annotated[Path | None, typer.Option(help=_described("token_file"))] = None,
    ca_file: Annotated[Path | None, typer.Option(help=_described("ca_file"))] = None,
    cert_file: Annotated[Path | None, typer.Option(help=_described("cert_file"))] = None,
    key_file: Annotated[Path | None, typer.Option(help=_described("key_file"))] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print no colours.")] = False,
) -> None:
    """Take the options that stand before the command; the environment has them as FSDN_*."""
    given = {"state": state, "api": api, "token_file": token_file, "ca_file": ca_file}
    given |= {"cert_file": cert_file, "key_file": key_file}
    shared.settings = ClientSettings.model_validate(
        ClientSettings().model_dump() | {k: v for k, v in given.items() if v is not None}
    )
    if no_color:
        shared.without_color()


def main() -> None:
    """Run a command; what the operator can mend is one sentence, a bug of ours is a traceback."""
    try:
        app(prog_name="fsdn")
    except Fail as fail:
        complain(f"fsdn: {fail}")
        sys.exit(fail.code)
    except ValidationError as error:
        complain(f"fsdn: {_wrong(error)}")
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell counts a program that SIGINT ended
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, as 'head' does; nothing is wrong
        sys.exit(Exit.OK)


def _wrong(error: ValidationError) -> str:
    found = [
        f"{'.'.join(map(str, each['loc']))} is {each['input']!r}: {each['msg']}"
        for each in error.errors()
    ]
    return f"a setting is wrong: {'; '.join(found)}; see the options and the FSDN_ variables"


if __name__ == "__main__":
    main()
