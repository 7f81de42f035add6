import json
import stat
from pathlib import Path

import pytest

from xds_server.controller.errors import MachineError
from xds_server.store.state_dir import (
    next_generation,
    prepare,
    remove_endpoints,
    token_of,
    write_endpoints,
)


def test_the_token_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    token = token_of(tmp_path)
    assert len(token) >= 40
    assert token_of(tmp_path) == token
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_an_emptied_token_opens_no_door(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("")
    with pytest.raises(MachineError, match="too short"):
        token_of(tmp_path)


def test_one_server_works_in_a_directory(tmp_path: Path) -> None:
    state = tmp_path / "a" / "b"
    with prepare(state):
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        with pytest.raises(MachineError, match="another fsdn serve"):
            prepare(state)
    prepare(state).close()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="choose another with --state"):
        prepare(tmp_path / "file" / "state")


def test_endpoints_come_and_go(tmp_path: Path) -> None:
    write_endpoints(tmp_path, {"xds": "127.0.0.1:1", "api": "http://127.0.0.1:2"})
    told = json.loads((tmp_path / "endpoints.json").read_text())
    assert told == {"api": "http://127.0.0.1:2", "xds": "127.0.0.1:1"}
    remove_endpoints(tmp_path)
    remove_endpoints(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_generations_grow_also_where_the_clock_was_set_back(tmp_path: Path) -> None:
    assert next_generation(tmp_path, 1000.0) == 1_000_000
    assert next_generation(tmp_path, 2000.5) == 2_000_500
    assert next_generation(tmp_path, 1500.0) == 2_000_501
    (tmp_path / "generation").write_text("garbage")
    assert next_generation(tmp_path, 3000.0) == 3_000_000
