from importlib.metadata import version
from pathlib import Path

from tests.commanding import run


def test_the_version_is_the_installed_one(tmp_path: Path) -> None:
    assert run("version", state=tmp_path).out == f"{version('fullstack-sdn')}\n"
