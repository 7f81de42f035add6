"""fsdn version: which one is installed."""

from __future__ import annotations

from importlib.metadata import version as installed

from xds_server.cli.output import write


def version() -> None:
    """Print the version."""
    write(installed("fullstack-sdn"))
