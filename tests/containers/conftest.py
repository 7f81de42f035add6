"""One bed of containers for all tests here; who fails leaves logs, states and captures behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker.errors import DockerException

from integration.engine import captures
from integration.engine.evidence import keep
from integration.engine.lifetime import STATE, EngineError, engine
from integration.engine.preflight import PORTS
from integration.engine.stand import Stand, standing
from tests.containers.counting import LOSS, TITLE

KEPT = STATE / "failures"


def _ports() -> dict[str, str]:
    """Choose a free port for each that is published; all at once, so that none comes twice."""
    with ExitStack() as held:
        probes = {name: held.enter_context(socket.socket()) for name in PORTS}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: str(probe.getsockname()[1]) for name, probe in probes.items()}


@pytest.fixture(scope="session")
def stand() -> Iterator[Stand]:
    """The bed under a name, subnets and ports of its own: one that a user has up stays as it is."""
    own = {
        "COMPOSE_PROJECT_NAME": "fsdn-test",
        "FSDN_TAG": "test",
        **_ports(),
        "FSDN_MANAGEMENT": "172.30.255",
        "FSDN_ACCESS": "172.30.253",
        "FSDN_CABLES": "172.30.254",
    }
    try:
        with engine() as client, standing(client, {**os.environ, **own}, KEPT) as found:
            yield found
    except EngineError as error:
        said = "\n".join([str(error), *getattr(error, "__notes__", ())])
        pytest.fail(said, pytrace=False)


@pytest.fixture(autouse=True)
def captured(stand: Stand) -> None:
    """Capture what hosts and switches send and get, from the beginning of each test."""
    captures.begin(stand.nodes())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    """Keep what tells of all containers where a test has failed, and say where."""
    report: pytest.TestReport = yield
    found = getattr(item, "funcargs", {}).get("stand")
    if call.when == "call" and report.failed and found is not None:
        place: Path = KEPT / item.name
        try:
            keep(found.containers(), place)
            said = f"logs, states and captures are in {place}"
        except (DockerException, OSError) as error:  # the test's own failure is what counts
            said = f"not all could be kept in {place}: {error}"
        report.sections.append(("containers", said))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was lost in each event, as a table in Markdown."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, ())]
    rows = [row for report in reports for name, row in report.user_properties if name == LOSS]
    if rows:
        terminalreporter.section("losses")
        for row in (TITLE, ("---",) * len(TITLE), *rows):
            terminalreporter.write_line("| " + " | ".join(map(str, row)) + " |")
