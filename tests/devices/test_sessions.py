"""Sessions of real workloads end when, and only when, policy or an operator says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.devices.session_ends import Session, entered
from tests.devices.sessions_bed import Bed, bed, bed_with_agents
from tests.devices.sessions_policy import ADDRESSES, SERVICE_PORT, VIP, policy, policy_line

pytestmark = [pytest.mark.device, pytest.mark.root]
BOTH = {"client", "server"}
ONLY_WEB = "[{labels: {app: web}}]"


@pytest.fixture(scope="module")
def one() -> Iterator[Bed]:
    with bed() as made:
        yield made


def _cut(session: Session, sender: str = "client") -> dict[str, float]:
    found = session.reset_after(sender)
    print(f"reset after a packet of the {sender}, in ms:", found)
    assert found.keys() == BOTH, found
    assert max(found.values()) < 2000, "the next packet was not answered, a repeated one was"
    return found


def test_a_removed_policy_cuts_its_sessions(one: Bed) -> None:
    one.apply(policy())
    first, second = one.connect(), one.connect()
    assert first.speaks()
    assert second.speaks()
    one.apply()
    _cut(first)
    _cut(second, "server")


def test_a_narrowed_policy_cuts_whom_it_left_out(one: Bed) -> None:
    one.apply(policy())
    stays, goes = one.connect("web"), one.connect("other")
    one.apply(policy(sources=ONLY_WEB))
    _cut(goes)
    assert stays.speaks()


def test_a_policy_that_drains_lets_sessions_finish(one: Bed) -> None:
    one.apply(policy(more=", revoke: drain"))
    session = one.connect()
    one.apply()
    assert session.speaks()
    with pytest.raises(TimeoutError):
        one.connect(patience=1.0)


def test_a_cut_clients_port_can_be_used_again(one: Bed) -> None:
    one.apply(policy())
    session = one.connect()
    port = session.client.getsockname()[1]
    one.apply()
    _cut(session)
    one.apply(policy())
    again = one.connect(port=port)
    assert again.speaks()


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    with bed_with_agents() as made:
        yield made


def test_sessions_are_listed_in_the_words_of_the_policy(two: Bed) -> None:
    two.apply(policy())
    session = two.connect()
    assert session.speaks()
    port = session.client.getsockname()[1]
    found = [s for s in two.sessions() if s["source_address"] == f"{ADDRESSES['web']}:{port}"]
    (one,) = found  # once, though both bridges track it
    assert (one["host"], one["source"], one["service"]) == ("host1", "shop/web", "shop/db")
    assert (one["endpoint"], one["rule"]) == ("shop/db", "shop/db[0]")
    assert one["state"] == "ESTABLISHED"
    assert one["origin"].endswith(policy_line(two.directory))
    listed = two.fsdn("get", "sessions", "--workload", "web", "-o", "wide")
    assert one["id"] in listed.stdout
    assert two.sessions(workload="other") == []
    session.client.close()
    session.server.close()


@pytest.mark.parametrize("sender", ["client", "server"])
def test_one_session_is_killed_and_its_siblings_live(two: Bed, sender: str) -> None:
    two.apply(policy())
    many = [two.connect() for _ in range(5)]
    assert all(session.speaks() for session in many)
    doomed, *siblings = many
    port = doomed.client.getsockname()[1]
    address = f"{ADDRESSES['web']}:{port}"
    (one,) = [s for s in two.sessions(service="db") if s["source_address"] == address]
    done = two.fsdn("session", "kill", one["id"])
    assert not done.returncode, done.stderr
    assert address in done.stdout
    _cut(doomed, sender)
    assert all(session.speaks() for session in siblings)
    again = two.fsdn("session", "kill", one["id"])
    assert (again.returncode != 0, "may have ended" in again.stderr) == (True, True)
    fresh = two.connect(port=port)  # a SYN begins anew
    assert fresh.speaks()


def test_a_restarted_server_resets_nobody_and_still_cuts(two: Bed) -> None:
    two.apply(policy())
    first, second = two.connect(), two.connect("other")
    with entered(two.core):
        two.server.kill()
        assert first.speaks()
        two.server.start()
    assert first.speaks()
    two.apply(policy(sources=ONLY_WEB))
    _cut(second)
    assert first.speaks()


def test_a_revoked_session_ends_through_the_tunnel(two: Bed) -> None:
    two.apply(policy())
    first, second = two.connect(), two.connect("other")
    assert first.speaks()
    assert second.speaks()
    two.apply(policy(sources=ONLY_WEB))
    _cut(second, "server")
    assert first.speaks()
    two.apply()
    _cut(first)


def test_a_killed_stream_of_datagrams_stays_away(two: Bed) -> None:
    udp = f"[{{match: {{udp: {{ports: [{SERVICE_PORT}]}}}}, action: allow}}]"
    two.apply(policy(rules=udp), protocol="udp")
    with two.datagrams() as (client, server), two.datagrams() as (other, _):
        client.sendto(b"first", (VIP, SERVICE_PORT))
        data, back = server.recvfrom(100)
        assert data == b"first"
        other.sendto(b"sibling", (VIP, SERVICE_PORT))
        assert server.recv(100) == b"sibling"
        port = client.getsockname()[1]
        address = f"{ADDRESSES['web']}:{port}"
        (one,) = [s for s in two.sessions() if s["source_address"] == address]
        assert one["protocol"] == "udp"
        assert not two.fsdn("session", "kill", one["id"]).returncode
        server.settimeout(0.5)
        client.settimeout(0.5)
        client.sendto(b"again", (VIP, SERVICE_PORT))
        with pytest.raises(TimeoutError):
            server.recv(100)
        server.sendto(b"answer", back)
        with pytest.raises(TimeoutError):
            client.recv(100)
        server.settimeout(20.0)
        other.sendto(b"still here", (VIP, SERVICE_PORT))
        assert server.recv(100) == b"still here"


def test_both_halves_of_a_captured_session_are_listed_and_one_is_killed(two: Bed) -> None:
    http = "[{match: {http: {path: {prefix: /}}}, action: allow}]"
    two.apply(policy(rules=http), protocol="http")
    session = two.connect_captured()
    halves = {s["path"]: s for s in two.sessions(service="")}
    assert {"client", "proxy"} <= halves.keys()
    done = two.fsdn("session", "kill", halves["client"]["id"])
    assert not done.returncode, done.stderr
    session.client.send(b"x")
    session.client.settimeout(20.0)
    with pytest.raises(ConnectionResetError):
        session.client.recv(100)
    session.server.settimeout(20.0)
    with contextlib.suppress(ConnectionResetError):
        assert session.server.recv(100) == b""  # the proxy ended its half
