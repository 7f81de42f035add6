"""The command fsdn: its commands, its common options, and how it ends when something is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from xds_server.cli.commands import Commands
from xds_server.cli.context import shared
from xds_server.cli.exits import HELP, Exit, Fail
from xds_server.cli.output import complain
from xds_server.client_settings import client_settings, described

app = typer.Typer(
    name="fsdn",
    cls=Commands,
    help="Full-stack SDN: one policy language for proxies, vswitches and the fabric.",
    epilog=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(
    state: Annotated[Path | None, typer.Option(help=described("state"))] = None,
    api: Annotated[str | None, typer.Option(help=described("api"))] = None,
    token_file: Annotated[Path | None, typer.Option(help=described("token_file"))] = None,
    ca_file: Annotated[Path | None, typer.Option(help=described("ca_file"))] = None,
    cert_file: Annotated[Path | None, typer.Option(help=described("cert_file"))] = None,
    key_file: Annotated[Path | None, typer.Option(help=described("key_file"))] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print no colours.")] = False,
) -> None:
    """Take the options that stand before the command; the environment has them as FSDN_*."""
    given = {"state": state, "api": api, "token_file": token_file, "ca_file": ca_file}
    given |= {"cert_file": cert_file, "key_file": key_file}
    shared.settings = client_settings(given)
    if no_color:
        shared.without_color()


def main() -> None:
    """Run a command; what the operator can mend is one sentence, a bug of ours is a traceback."""
    try:
        app(prog_name="fsdn")
    except Fail as fail:
        complain(f"fsdn: {fail}")
        sys.exit(fail.code)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell counts a program that SIGINT ended
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, as 'head' does; nothing is wrong
        sys.exit(Exit.OK)


if __name__ == "__main__":
    main()
