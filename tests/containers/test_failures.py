"""Parts of the bed die, are cut off or are replaced under load; what is lost is counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from docker.errors import ContainerError

from integration.bed.build import until
from integration.bed.netns import BedError
from integration.bed.traffic import Report, ask, load, probing
from integration.engine.stand import Stand
from integration.scenarios.shop import REVIEWS, STOCK, WEB, service_url, workload

pytestmark = [pytest.mark.containers]
AWAY = 2.0  # seconds that what is killed stays dead
SPINE_MS = 2000.0  # BFD finds a dead spine in 0.9 s; the rest is for two shared cores
BACK = 90.0
PATIENCE = 5.0  # seconds that a client waits for an answer
# Nobody resets the connections that a proxy had to a host that is gone: each costs one request.
POOLED = 8


@contextmanager
def loaded(stand: Stand, service: str = REVIEWS) -> Iterator[Callable[[], Report]]:
    """Keep requests going from web; the function that this gives ends them."""
    bed = stand.bed
    with load(workload(bed, WEB), service_url(bed, service)) as stop:
        time.sleep(0.5)
        yield stop


def settled(stand: Stand) -> None:
    """Wait until every device runs what it should."""
    bed = stand.bed

    def is_settled() -> bool:
        with suppress(BedError):  # the controller may be away
            return not bed.controller.unsettled(bed.layout.devices)
        return False

    until(is_settled, "not all devices are in step", BACK)


def answered(stand: Stand, service: str = REVIEWS) -> None:
    """Wait until requests are answered again."""
    bed = stand.bed

    def is_answered() -> bool:
        report = ask(workload(bed, WEB), service_url(bed, service), 5, timeout=1.0)
        return report.statuses == {"200": 5}

    until(is_answered, f"{service} does not answer", BACK)


def lossless(report: Report) -> None:
    assert (report.failed, set(report.statuses)) == (0, {"200"}), report.failures
    assert report.answered > 100


def test_the_controller_dies_and_comes_back(stand: Stand) -> None:
    controller = stand.containers()["controller"]
    with loaded(stand) as stop:
        controller.kill()
        time.sleep(AWAY)
        controller.start()
        settled(stand)
        lossless(stop())
    devices = stand.bed.controller.ask("/v1/status")["devices"]
    written = {d["device"]: sum(t["written"] or 0 for t in d["types"]) for d in devices}
    assert {name: count for name, count in written.items() if count} == {}


def test_the_database_restarts(stand: Stand) -> None:
    with loaded(stand) as stop:
        stand.containers()["postgres"].restart(timeout=5)
        until(lambda: _applies(stand), "the database does not take a revision", BACK)
        lossless(stop())


def _applies(stand: Stand) -> bool:
    """Whether a change of no consequence is stored."""
    tenant = f"""\
apiVersion: fsdn/v1
kind: Tenant
metadata: {{name: spare, labels: {{tried: "{time.time()}"}}}}
spec: {{default: deny}}
"""
    before = _history(stand)
    stand.bed.controller.fsdn("apply", "-f", "-", may_fail=True, text=tenant)
    return "" != before != _history(stand) != ""


def _history(stand: Stand) -> str:
    return stand.bed.controller.fsdn("history", "-o", "json", may_fail=True)


def test_an_envoy_is_killed(stand: Stand) -> None:
    host = stand.containers()["host1"]
    with loaded(stand) as stop:
        killed = host.exec_run(["pkill", "-KILL", "-x", "envoy"])
        assert killed.exit_code == 0
        answered(stand)
        report = stop()
    assert report.answered > 100
    assert report.failed < 20, report.failures
    settled(stand)


def test_a_host_is_cut_off_from_the_controller(stand: Stand) -> None:
    host = stand.bed.layout.namespace("host1")
    subnet = f"{stand.given['FSDN_MANAGEMENT']}.0/24"
    [link] = json.loads(host.run("ip", "-j", "addr", "show", "to", subnet))
    with loaded(stand) as stop:
        host.ip(f"link set {link['ifname']} down")
        time.sleep(3 * AWAY)
        host.ip(f"link set {link['ifname']} up")
        settled(stand)
        lossless(stop())


def test_a_host_is_cut_off_from_the_fabric(stand: Stand) -> None:
    namespace = stand.bed.layout.namespace("host2")
    with loaded(stand, STOCK) as stop:
        namespace.ip("link set fabric down")
        time.sleep(AWAY)
        namespace.ip("link set fabric up")
        answered(stand, STOCK)
        report = stop()
    assert report.answered > 100
    assert report.gap_ms > AWAY * 1000 * 0.8
    settled(stand)


def test_a_spine_dies(stand: Stand) -> None:
    bed = stand.bed
    near, far = bed.layout.bare_ports()
    spine = stand.containers()["spine1"]
    with probing(bed.layout.namespace(near.name), str(far.address.ip)) as stop, loaded(stand):
        spine.kill()
        time.sleep(2 * AWAY)
        seen = stop()
    assert seen["gap_ms"] < SPINE_MS
    assert seen["alive"] == seen["flows"]
    spine.start()
    settled(stand)


def test_a_new_image_of_the_controller_migrates_the_database(stand: Stand) -> None:
    history = _history(stand)
    assert history
    controller = stand.containers()["controller"]
    with loaded(stand) as stop:
        controller.stop(timeout=5)
        stand.compose("run", "controller", "python3", "-c", DOWNGRADE)
        controller.start()
        settled(stand)
        lossless(stop())
    assert _history(stand) == history


DOWNGRADE = """
import asyncio, os, migrations
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

def downgrade(connection):
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    config.attributes["connection"] = connection
    command.downgrade(config, "-1")

async def main():
    async with create_async_engine(os.environ["FSDN_DATABASE"]).begin() as connection:
        await connection.run_sync(downgrade)

asyncio.run(main())
"""


def test_the_command_works_from_another_container_over_tls(stand: Stand) -> None:
    shown = stand.compose("run", "policy", "fsdn", "status", "-o", "json")
    assert '"bridge/host1"' in shown
    with pytest.raises(ContainerError, match="certificate"):
        stand.client.containers.run(
            stand.containers()["controller"].image,
            ["--token-file", "/etc/hostname", "status"],  # it comes to TLS before the token
            environment={"FSDN_API": f"https://{stand.given['FSDN_MANAGEMENT']}.1:8600"},
            network=f"{stand.project}_management",
            remove=True,
            stderr=True,
        )


def test_a_host_s_container_restarts(stand: Stand) -> None:
    """Comes last: a proxy's idle connections to the host as it was stay in its pool for a while."""
    with loaded(stand, STOCK) as stop:
        stand.containers()["host2"].restart(timeout=3)
        settled(stand)
        answered(stand, STOCK)
        assert stop().answered > 0
    with loaded(stand, STOCK) as stop:
        time.sleep(2)
        lossless(stop())
    with loaded(stand) as stop:
        time.sleep(PATIENCE + 2)
        report = stop()
    assert report.answered > 100
    assert report.failed <= POOLED, report.failures
