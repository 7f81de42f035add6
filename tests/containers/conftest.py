"""One bed of containers for all tests here; who fails leaves logs and states behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.engine.lifetime import STATE, EngineError, engine
from integration.engine.stand import Stand, standing

KEPT = STATE / "failures"


def _free() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The bed under a name, subnets and ports of its own: one that a user has up stays as it is."""
    own = {
        "COMPOSE_PROJECT_NAME": "fsdn-test",
        "FSDN_TAG": "test",
        "FSDN_GATEWAY_PORT": _free(),
        "FSDN_API_PORT": _free(),
        "FSDN_MANAGEMENT": "172.30.255",
        "FSDN_ACCESS": "172.30.253",
        "FSDN_CABLES": "172.30.254",
    }
    try:
        with engine() as client, standing(client, {**os.environ, **own}, KEPT) as found:
            yield found
    except EngineError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    """Keep the logs and states of all containers where a test has failed."""
    report: pytest.TestReport = yield
    found = getattr(item, "funcargs", {}).get("stand")
    if call.when == "call" and report.failed and found is not None:
        place: Path = KEPT / item.name
        found.dump(place)
        report.sections.append(("containers", f"their logs and states are in {place}"))
    return report
