"""Real bridges, asked through their hosts' agents, beside what is predicted for them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.bed.netns import pids
from tests.devices.sessions_bed import BRIDGE, Bed, bed_with_agents
from tests.devices.sessions_policy import policy_line
from xds_server.cli.exits import Exit

pytestmark = [pytest.mark.device, pytest.mark.root]
FOREIGN = "cookie=0xbad,table={table},priority=65535,ip actions=drop"
ASKED = ("explain", "web", "db", "--tcp", "80", "--live")


@pytest.fixture(scope="module")
def two() -> Iterator[Bed]:
    with bed_with_agents() as made:
        yield made


def _told(two: Bed, *more: str) -> tuple[int, dict[str, Any]]:
    done = two.fsdn(*ASKED, *more, "-o", "json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _state(two: Bed) -> list[str]:
    """Return what both bridges count and track."""
    return [
        shown
        for vswitch in two.hosts.values()
        for shown in (
            vswitch.ofctl("dump-flows", "--no-stats", BRIDGE),
            vswitch.appctl("dpctl/dump-conntrack"),
        )
    ]


@pytest.mark.parametrize("more", [(), ("--established",)])
def test_both_bridges_do_what_is_predicted_and_nothing_is_made(
    two: Bed, more: tuple[str, ...]
) -> None:
    before = _state(two)
    code, told = _told(two, *more)
    assert [one["difference"] for one in told["bridges"]] == ["", ""], told
    assert (code, told["same"]) == (Exit.OK, True)
    assert [one["device"] for one in told["bridges"]] == ["host1/br-int", "host2/br-int"]
    met = [{row["stage"]: row["real"] for row in one["rows"]} for one in told["bridges"]]
    assert ["REVOKE" in stages for stages in met] == [bool(more)] * 2
    decides = met[0]["POLICY"], met[1]["ARRIVAL"]
    assert [flow["rule"] for flow in decides] == ["shop/db[0]", "shop/db[0]"]
    assert all(flow["origin"].endswith(policy_line(two.directory)) for flow in decides)
    assert _state(two) == before


def test_a_flow_that_was_put_in_by_hand_is_named(two: Bed) -> None:
    for host, table in (("host1", 20), ("host2", 22)):
        vswitch = two.hosts[host]
        vswitch.ofctl("add-flow", BRIDGE, FOREIGN.format(table=table))
        try:
            code, told = _told(two)
            done = two.fsdn(*ASKED)
        finally:
            vswitch.ofctl("--strict", "del-flows", BRIDGE, f"table={table},priority=65535,ip")
        assert (code, done.returncode) == (Exit.DIFFERENT, Exit.DIFFERENT), done.stdout
        wrong = {one["device"]: one for one in told["bridges"] if not one["same"]}
        assert list(wrong) == [f"{host}/br-int"]
        one = wrong[f"{host}/br-int"]
        assert (one["real"], one["predicted"].startswith("output:")) == ("dropped", True)
        assert f"table {table}" in one["difference"]
        assert "not ours (cookie=0xbad" in one["difference"]
        assert one["difference"] in done.stderr
        assert "not ours, cookie 0xbad" in done.stdout
        (row,) = [row for row in one["rows"] if row["table"] == table]
        assert row["predicted"]["rule"] == "shop/db[0]", row
        assert row["predicted"]["origin"].endswith(policy_line(two.directory))
    assert _told(two)[0] == Exit.OK


def test_a_denied_connection_is_denied_by_the_real_bridge_too(two: Bed) -> None:
    done = two.fsdn("explain", "web", "spare", "--tcp", "80", "--live")
    assert done.returncode == Exit.DENIED, done.stdout + done.stderr
    assert "the bridges do what is predicted" in done.stdout
    standing = two.fsdn("explain", "web", "spare", "--tcp", "80", "--live", "--established")
    assert standing.returncode == Exit.REFUSED
    assert "would commit no such connection" in standing.stderr


def test_an_agent_that_is_slow_or_gone_is_a_sentence(two: Bed) -> None:
    agent = _agent(two, "host1")
    os.kill(agent, signal.SIGSTOP)
    try:
        slow = two.fsdn(*ASKED)
    finally:
        os.kill(agent, signal.SIGCONT)
    assert slow.returncode == Exit.SERVER
    assert "the agent of host host1 did not answer within 10 s" in slow.stderr
    assert _told(two)[0] == Exit.OK


def _agent(two: Bed, host: str) -> int:
    """Return the process id of a host's agent."""
    for pid in pids(two.hosts[host].namespace):
        shown = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        if f"--name {host}" in shown:
            return pid
    raise AssertionError(f"{host} has no agent")
