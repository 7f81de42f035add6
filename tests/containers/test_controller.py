"""The controller, its database and its image come and go under load: no request is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from docker.errors import ContainerError

from integration.bed.build import until
from integration.engine.stand import Stand
from tests.containers.counting import BACK, Record, counted, loaded, lossless, settled
from tests.containers.upgrade import SCHEMA, build_next, downgrade, present

pytestmark = [pytest.mark.containers]
AWAY = 2.0  # seconds that what is killed stays dead
PROXIED = "web, host1, to reviews on host2 and host1 (L7)"


def test_it_dies_and_comes_back(stand: Stand, record_property: Record) -> None:
    controller = stand.containers()["controller"]
    with loaded(stand) as stop:
        controller.kill()
        time.sleep(AWAY)
        controller.start()
        settled(stand)
        event = "controller killed, back after 2 s"
        lossless(counted(record_property, event, PROXIED, stop()))
    assert _written(stand) == {}


def _written(stand: Stand) -> dict[str, int]:
    """Return to which devices the controller has written since it started, and how much."""
    devices = stand.bed.controller.ask("/v1/status")["devices"]
    written = {d["device"]: sum(t["written"] or 0 for t in d["types"]) for d in devices}
    return {name: count for name, count in written.items() if count}


def test_the_database_restarts(stand: Stand, record_property: Record) -> None:
    with loaded(stand) as stop:
        stand.containers()["postgres"].restart(timeout=5)
        until(lambda: _applies(stand), "the database does not take a revision", BACK)
        lossless(counted(record_property, "PostgreSQL restarted", PROXIED, stop()))


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


def test_it_starts_on_the_schema_before_its_own(stand: Stand, record_property: Record) -> None:
    """The same image: the newest of its migrations runs on what a real bed has stored."""
    history = _history(stand)
    assert history
    controller = stand.containers()["controller"]
    with loaded(stand) as stop:
        controller.stop(timeout=5)
        downgrade(stand, present(stand))
        controller.start()
        settled(stand)
        event = "controller restarted on the schema before, migrated"
        lossless(counted(record_property, event, PROXIED, stop()))
    assert _history(stand) == history


@pytest.fixture
def following(stand: Stand) -> Iterator[str]:
    """Give the name of the next release's image; afterwards the present one runs again."""
    name = build_next(stand)
    yield name
    stand.compose("replace", "controller", present(stand))
    stand.client.images.remove(name, force=True)


def test_the_next_image_migrates_the_database(
    stand: Stand, following: str, record_property: Record
) -> None:
    history, old = _history(stand), stand.containers()["controller"]
    with loaded(stand) as stop:
        stand.compose("replace", "controller", following)
        settled(stand)
        event = "controller replaced by the next image, with a migration"
        lossless(counted(record_property, event, PROXIED, stop()))
    new = stand.containers()["controller"]
    assert new.attrs["Image"] != old.attrs["Image"]
    assert (_history(stand), _written(stand)) == (history, {})
    assert new.exec_run(["python3", "-c", SCHEMA]).output.strip() == b"next"

    with loaded(stand) as stop:
        stand.compose("replace", "controller", present(stand))
        until(lambda: _refuses(stand), "the image before does not refuse the schema", BACK)
        stand.containers()["controller"].stop(timeout=5)
        downgrade(stand, following)
        stand.containers()["controller"].start()
        settled(stand)
        event = "controller put back to the image before, schema first"
        lossless(counted(record_property, event, PROXIED, stop()))
    assert _history(stand) == history


def _refuses(stand: Stand) -> bool:
    return b"was written by a newer version of fsdn" in stand.containers()["controller"].logs()


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
