"""Database servers that we connect to: how they are spelt, and what happens while they are away."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_mirror import UPDATES
from tests.waiting import eventually
from xds_server.snapshots.evidence import Evidence, Warned
from xds_server.southbound.ovsdb import OvsdbServer
from xds_server.southbound.ovsdb_dial import Remote, RemoteError, parse_remote, parse_remotes


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("tcp:192.0.2.1:6640", Remote("tcp", "192.0.2.1", 6640)),
        ("ssl:[2001:db8::1]:6640", Remote("ssl", "2001:db8::1", 6640)),
        ("unix:/run/openvswitch/db.sock", Remote("unix", "/run/openvswitch/db.sock")),
    ],
)
def test_remotes_are_spelt_as_open_vswitch_does(text: str, remote: Remote) -> None:
    assert parse_remote(text) == remote
    assert str(remote) == text
    assert parse_remotes(f"{text}, {text},") == (remote, remote)


@pytest.mark.parametrize("text", ["", "unix:", "ptcp:6640", "tcp:6640", "tcp:h:x", "tcp:h:70000"])
def test_others_are_refused_with_the_forms_that_there_are(text: str) -> None:
    with pytest.raises(RemoteError, match="write tcp:HOST:PORT"):
        parse_remote(text)


async def _speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    monitor = json.loads(await reader.read(65536))
    writer.write(json.dumps({"id": monitor["id"], "result": UPDATES, "error": None}).encode())
    await reader.read()


async def test_a_server_that_is_away_is_a_state_and_is_dialled_again(tmp_path: Path) -> None:
    seen: list[Evidence] = []
    path = tmp_path / "db.sock"
    ours = OvsdbServer(seen.append)
    ours.dial([Remote("unix", str(path))])
    await _until(seen, 1)
    (away,) = seen
    assert isinstance(away, Warned)
    assert away.device.name == "*"
    assert f"unix:{path}: No such file or directory; it is tried again" in away.warning
    theirs = await asyncio.start_unix_server(_speak, path)
    await _until(seen, 2)
    assert isinstance(seen[1], Warned)
    assert seen[1].warning == ""
    await eventually(lambda: ours.bridge(0xAA) is not None)
    await ours.stop()
    theirs.close()


async def test_a_server_with_tls_needs_certificates_of_ours() -> None:
    seen: list[Evidence] = []
    ours = OvsdbServer(seen.append)
    ours.dial([Remote("ssl", "127.0.0.1", 1)])
    await _until(seen, 1)
    assert isinstance(seen[0], Warned)
    assert "give --tls-cert, --tls-key and --tls-ca" in seen[0].warning
    await ours.stop()


async def _until(seen: list[Evidence], count: int) -> None:
    await eventually(lambda: len(seen) >= count)
