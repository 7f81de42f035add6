from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import SHOP, Serving


@pytest.fixture(scope="session")
def shop_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that runs the shop; tests that use it change nothing."""
    with Serving(tmp_path_factory.mktemp("shop") / "state") as server:
        applied = server.fsdn("apply", "-f", str(SHOP), "--author", "ann", "-m", "open the shop")
        assert applied.returncode == 0, applied.stderr
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A server of the test's own."""
    with Serving(tmp_path / "state") as server:
        yield server
