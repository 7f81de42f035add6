"""Sessions of an endpoint that drains, or that has left its service, between hosts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.devices.session_ends import Session
from tests.devices.sessions_bed import Bed, bed
from tests.devices.sessions_policy import ADDRESSES, policy

pytestmark = [pytest.mark.device, pytest.mark.root]


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    """Two hosts with an agent each; ``db`` serves on the second, ``spare`` on the clients' own."""
    with bed(2, ("db", "spare")) as made:
        made.apply(policy())
        made.start_agent(1)
        made.start_agent(2)
        made.sessions()
        yield made


@pytest.fixture(autouse=True)
def _whole(two: Bed) -> None:
    two.left = set()
    two.apply(policy())


def _to(made: Bed, endpoint: str) -> Session:
    """Open sessions until one is to this endpoint."""
    for _ in range(40):
        session = made.connect()
        if session.server.getsockname()[0] == ADDRESSES[endpoint]:
            return session
        session.client.close()
        session.server.close()
    raise AssertionError(f"no connection in 40 was led to {endpoint}")


def _ends(made: Bed, count: int = 12) -> set[str]:
    """Return where new sessions are led to."""
    names = {address: name for name, address in ADDRESSES.items()}
    found = set()
    for _ in range(count):
        session = made.connect()
        found.add(names[session.server.getsockname()[0]])
        session.client.close()
        session.server.close()
    return found


@pytest.mark.parametrize("endpoint", ["db", "spare"])
def test_what_led_to_an_endpoint_that_left_goes_on(two: Bed, endpoint: str) -> None:
    session = _to(two, endpoint)
    two.left = {endpoint}
    two.apply(policy())
    assert session.speaks()
    assert endpoint not in _ends(two)
    assert session.speaks()
    two.apply()
    assert session.reset_after("client").keys() == {"client", "server"}


@pytest.mark.parametrize("endpoint", ["db", "spare"])
def test_a_service_that_cuts_ends_it_and_no_other(two: Bed, endpoint: str) -> None:
    stays, goes = _to(two, "spare" if endpoint == "db" else "db"), _to(two, endpoint)
    two.left = {endpoint}
    two.apply(policy(), revoke="cut")
    assert goes.reset_after("client").keys() == {"client", "server"}
    assert stays.speaks()


@pytest.mark.parametrize("endpoint", ["db", "spare"])
@pytest.mark.parametrize("service", [(), ("--service", "db")])
def test_a_drain_moves_new_sessions_and_ends_the_old_ones_in_time(
    two: Bed, endpoint: str, service: tuple[str, ...]
) -> None:
    stays, goes = _to(two, "spare" if endpoint == "db" else "db"), _to(two, endpoint)
    with ThreadPoolExecutor(1) as pool:
        draining = pool.submit(two.fsdn, "session", "drain", endpoint, "--timeout", "12s", *service)
        while not any(s["draining"] for s in two.sessions(workload=endpoint)):
            assert not draining.done(), draining.result()
        assert endpoint not in _ends(two)
        assert goes.speaks()
        listed = two.fsdn("get", "sessions", "--workload", endpoint).stdout
        assert f"shop/{endpoint} (draining)" in listed
        done = draining.result(60)
    assert done.returncode == 0, done.stderr
    assert "were ended" in done.stdout
    assert goes.reset_after("client").keys() == {"client", "server"}
    assert stays.speaks()
    assert two.fsdn("session", "drain", endpoint, "--undo", *service).returncode == 0
    assert endpoint in _ends(two, 24)
