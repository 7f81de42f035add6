import json
from pathlib import Path

import pytest

from integration.engine import traces
from integration.engine.traces import Network, put_back, recalled, stored, undone

BEFORE = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [12:3400]
:OURS - [0:0]
-A FORWARD -j OURS
COMMIT
"""
AFTER = """\
*filter
:INPUT ACCEPT [7:9]
:FORWARD DROP [0:0]
:OURS - [0:0]
:THEIRS - [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -s 192.0.2.1/32 -j THEIRS
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -o br-0123456789ab -j DOCKER
-A FORWARD -j OURS
-A FORWARD -i br-int -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
"""


def test_what_docker_added_is_taken_out_and_nothing_else() -> None:
    assert undone(BEFORE, AFTER).splitlines() == [
        "*filter",
        ":FORWARD ACCEPT [0:0]",
        "-D FORWARD -j DOCKER-USER",
        "-D FORWARD -i docker0 ! -o docker0 -j ACCEPT",
        "-D FORWARD -o br-0123456789ab -j DOCKER",
        "-F DOCKER",
        "-F DOCKER-USER",
        "-X DOCKER",
        "-X DOCKER-USER",
        "COMMIT",
        "*nat",
        "-D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
        "-F DOCKER",
        "-X DOCKER",
        "COMMIT",
    ]


def test_what_was_there_before_stays() -> None:
    assert undone(AFTER, AFTER) == ""


def test_a_policy_that_was_closed_before_or_by_another_stays_closed() -> None:
    assert ":FORWARD" not in undone(BEFORE.replace("FORWARD ACCEPT", "FORWARD DROP"), AFTER)
    closed = BEFORE.replace("FORWARD ACCEPT", "FORWARD DROP")
    assert undone(BEFORE, closed) == ""  # no chain of Docker's came with it


def test_a_table_that_did_not_exist_was_open() -> None:
    assert ":FORWARD ACCEPT [0:0]" in undone("", AFTER)


def test_links_rules_and_variables_are_put_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "net/ipv4").mkdir(parents=True)
    forward = tmp_path / "net/ipv4/ip_forward"
    forward.write_text("1")
    monkeypatch.setattr(traces, "KERNEL", tmp_path)
    before = Network(("br-aaaaaaaaaaaa",), {"net/ipv4/ip_forward": "0"}, {"iptables": BEFORE})
    now = Network(("br-aaaaaaaaaaaa", "docker0"), {"net/ipv4/ip_forward": "1"}, {"iptables": AFTER})
    monkeypatch.setattr(traces, "observe", lambda: now)
    ran: list[tuple[str, ...]] = []

    def run(*argv: str, text: str | None = None) -> str:
        assert text in (None, undone(BEFORE, AFTER))
        ran.append(argv)
        return ""

    monkeypatch.setattr(traces, "_run", run)
    put_back(before)
    assert ran == [("iptables-restore", "--noflush"), ("ip", "link", "del", "docker0")]
    assert forward.read_text() == "0"


def test_docker_s_bridges_are_told_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("lo", "docker0", "br-int", "br-0123456789ab", "docker0x")
    links = json.dumps([{"ifname": name} for name in names])
    monkeypatch.setattr(traces, "_run", lambda *argv, **_: links if argv[0] == "ip" else "saved")
    monkeypatch.setattr(traces.shutil, "which", lambda name: name == "iptables-save" or None)
    seen = traces.observe()
    assert seen.links == ("br-0123456789ab", "docker0")
    assert seen.tables == {"iptables": "saved"}
    assert recalled(stored(seen)) == seen
