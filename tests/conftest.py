"""How every test runs: judged by outcome, not by pace; no test inherits another one's log."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("fsdn", deadline=None)
settings.load_profile("fsdn")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Forget how a test had the log written: pytest closes the stream behind it."""
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say so, what needs root where there is none."""
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root: network namespaces"))
