import json
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.commanding import run
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
    for turn in range(3):
        acknowledged: list[int] = []
        load = threading.Thread(target=_apply_until_it_dies, args=(server, turn, acknowledged))
        load.start()
        load.join(0.7 + turn * 0.31)
        server.kill()
        load.join()
        server.start()
        _assert_whole(server, acknowledged)


def _apply_until_it_dies(server: Serving, turn: int, acknowledged: list[int]) -> None:
    """Apply one change after the other; note the weight in each that was answered."""
    text = (SHOP / "policies.yaml").read_text()
    url = server.endpoints()["api"] + "/v1/apply"
    token = (server.state / "token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for weight in range(1000 * turn + 100, 1000 * turn + 1000):
        changed = text.replace("weight: 90", f"weight: {weight}")
        body = json.dumps({"files": [{"name": "policies.yaml", "text": changed}]}).encode()
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.status == 200
        except OSError:
            return  # it was killed
        acknowledged.append(weight)


def _assert_whole(server: Serving, acknowledged: list[int]) -> None:
    numbers = [one["revision"] for one in server.ask("/v1/revisions?limit=1000")]
    assert numbers == list(range(len(numbers), 0, -1))
    assert server.ask("/v1/status")["revision"] == numbers[0]
    objects = {one["key"]: one for one in server.ask("/v1/objects")}
    assert len(objects) == 26
    assert acknowledged
    # What was answered is stored; of what was not answered, all or nothing.
    source = objects["policy/shop/reviews"]["source"]
    assert any(f"weight: {acknowledged[-1] + more}" in source for more in (0, 1))


def test_a_wrong_setting_in_the_environment_is_one_sentence(tmp_path: Path) -> None:
    done = run("serve", state=tmp_path, FSDN_BODY_LIMIT="many")
    assert done.code == 2
    assert "body_limit" in done.err
    assert "Traceback" not in done.err
