import io
from pathlib import Path

from rich.console import Console

from integration.demo.proving import summary
from integration.scenarios.shop import Row

HOLDS, FAILS = Row("it answers", "200", True), Row("it is closed", "open", False)


def test_every_claim_must_hold() -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=100)
    assert summary([HOLDS], Path("/logs"), console) == 0
    assert summary([HOLDS, FAILS], Path("/logs"), console) == 1
    assert "1 of 2 claims do not hold; logs are in /logs" in shown.getvalue()
