"""The command line run in this process, where many commands are to be tried quickly."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from xds_server.cli.context import Shared, shared
from xds_server.cli.main import main


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def run(*arguments: str, state: Path, stdin: str = "", **environment: str) -> Done:
    """Run ``fsdn`` with these arguments and a state directory."""
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    told = {"FSDN_STATE": str(state), "NO_COLOR": "1", "COLUMNS": "200", **environment}
    with (
        patch.dict(os.environ, told),
        patch.object(sys, "argv", ["fsdn", *arguments]),
        patch.object(sys, "stdin", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _fresh(),
    ):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Done(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _fresh() -> Iterator[None]:
    """Let one command's options not leak into the next."""
    before = Shared()
    shared.settings, shared.out, shared.err = before.settings, before.out, before.err
    yield
