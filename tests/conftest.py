"""How every test runs: judged by outcome, not by pace; no test inherits another one's log."""

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
import structlog
import uvloop
from hypothesis import settings

from tests.devices.clients import envoy_version

os.environ["FSDN_ENVOY"] = "none"  # a server under test validates by an Envoy where that is meant
settings.register_profile("fsdn", deadline=None)
settings.load_profile("fsdn")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Forget how a test had the log written: pytest closes the stream behind it."""
    yield
    structlog.reset_defaults()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the event loop that the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


def _skip_before(item: pytest.Item, since: str) -> None:
    version = envoy_version()
    if _numbers(version) < _numbers(since):
        item.add_marker(pytest.mark.skip(reason=f"needs Envoy {since}, this is {version}"))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say so, what needs root where there is none; name the rows of the Envoy matrix."""
    for item in items:
        if row := item.get_closest_marker("envoy"):
            item.user_properties.append(("row", row.args[0]))
            _skip_before(item, row.kwargs.get("since", "0"))
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root: network namespaces"))
