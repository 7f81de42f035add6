import io

import pytest

from xds_server.cli.context import Shared


def test_colours_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shared = Shared()
    shared.without_color()
    for console in (shared.out, shared.err):
        console.file = io.StringIO()
        console.print("[red]plain[/red]")
        assert "\x1b[31m" not in console.file.getvalue()
