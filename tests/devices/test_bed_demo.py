"""The demo's bed on real devices, with the claims that every bed shares, and nothing left of it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from integration.bed import netns
from integration.bed.build import Bed, tear_down
from integration.bed.layout import Layout
from integration.demo.run import raise_bed
from integration.scenarios.catalogue import LASTING, MOVING
from integration.scenarios.shop import shop_plan

pytestmark = [pytest.mark.device]
CLAIMS = (*LASTING.values(), *MOVING.values())


@pytest.mark.root
def test_the_bed_stands_holds_what_it_claims_and_goes_away(tmp_path: Path) -> None:
    layout = Layout(shop_plan(), f"fsdnd{os.getpid()}", tmp_path)
    console = Console(file=io.StringIO())
    try:
        bed = Bed(layout)
        raise_bed(bed, console)
        rows = [claim(bed) for claim in CLAIMS]
    finally:
        removed = tear_down(layout.prefix, layout.run)
    assert [row for row in rows if not row.holds] == []
    assert layout.management.name in removed
    assert netns.existing(layout.prefix) == ()
    assert not layout.run.exists()


def test_without_root_the_rest_is_shown(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "integration.rootless", str(tmp_path / "bed")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Left out without root" in done.stdout


@pytest.mark.root
def test_removing_ends_what_runs_in_a_namespace_and_nothing_else(tmp_path: Path) -> None:
    prefix = f"fsdnn{os.getpid()}"
    inside = netns.create(f"{prefix}-a").spawn(["sleep", "60"], tmp_path / "a.log")
    outside = netns.spawn(["sleep", "60"], tmp_path / "b.log")
    try:
        assert netns.existing(prefix) == (netns.Namespace(f"{prefix}-a"),)
        netns.remove(netns.existing(prefix))
        assert inside.wait(60) != 0
        assert outside.poll() is None
        assert netns.existing(prefix) == ()
    finally:
        outside.kill()
        outside.wait()


@pytest.mark.root
def test_a_command_that_fails_says_what_and_why(tmp_path: Path) -> None:
    with pytest.raises(netns.BedError, match=r"`cat /absent` ended with 1: .*No such file"):
        netns.run(["cat", "/absent"])
