import socket
from pathlib import Path

import pytest

from tests.serving import SHOP, Serving, fsdn

FREE = ("--api=127.0.0.1:0", "--xds=127.0.0.1:0", "--openflow=127.0.0.1:0", "--ovsdb=127.0.0.1:0")


def test_it_ends_cleanly_and_says_where_it_listened(server: Serving) -> None:
    assert set(server.endpoints()) == {"api", "xds", "openflow", "ovsdb", "pid"}
    assert server.stop() == 0
    assert not (server.state / "endpoints.json").exists()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("listener", ["api", "xds", "openflow", "ovsdb"])
def test_a_port_in_use_is_one_sentence(tmp_path: Path, listener: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = fsdn("serve", *FREE, f"--{listener}={address}", state=tmp_path)
    assert done.returncode == 6
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("fsdn: ")
    assert address in said
    assert "Traceback" not in done.stderr


def test_an_open_address_without_tls_is_refused(tmp_path: Path) -> None:
    done = fsdn("serve", *FREE, "--xds=0.0.0.0:0", state=tmp_path)
    assert done.returncode == 2
    assert "--xds 0.0.0.0:0 can be reached from other machines" in done.stderr
    assert "--insecure" in done.stderr


def test_a_second_server_on_the_same_state_is_refused(server: Serving) -> None:
    done = fsdn("serve", *FREE, state=server.state)
    assert done.returncode == 6
    assert "another fsdn serve works in" in done.stderr


def test_kill_9_at_any_moment_leaves_the_last_revision_whole(server: Serving) -> None:
    assert server.fsdn("apply", "-f", str(SHOP)).returncode == 0
    text = (SHOP / "policies.yaml").read_text()
    for turn in range(3):
        import subprocess
        import threading

        stop = threading.Event()
        applied: list[int] = []

        def load(
            turn: int = turn,
            stop: threading.Event = stop,
            applied: list[int] = applied,
        ) -> None:
            weight = 1
            while not stop.is_set():
                weight += 1
                changed = text.replace("weight: 90", f"weight: {1000 * turn + weight}")
                done: subprocess.CompletedProcess[str] = server.fsdn(
                    "apply", "-f", "-", stdin=changed.replace("weight: 10}", f"weight: {weight}}}")
                )
                if done.returncode == 0:
                    applied.append(weight)

        thread = threading.Thread(target=load)
        thread.start()
        stop.wait(1.5 + turn / 7)
        server.kill()
        stop.set()
        thread.join()
        server.start()
        revisions = server.ask("/v1/revisions")
        assert [one["revision"] for one in revisions] == list(range(len(revisions), 0, -1))
        assert len(revisions) >= 1 + len(applied)
        status = server.ask("/v1/status")
        assert status["revision"] == revisions[0]["revision"]
        found = server.ask("/v1/objects?kind=policy&name=reviews")[0]["source"]
        if applied:
            assert f"weight: {applied[-1]}" in found or f"weight: {applied[-1] + 1}" in found
