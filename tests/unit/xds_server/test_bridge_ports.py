from pathlib import Path

import pytest

from xds_server.bridge_ports import open_ports, session_settings
from xds_server.controller.errors import MachineError
from xds_server.protocols.openflow.codec import Role
from xds_server.settings import ServerSettings
from xds_server.southbound.openflow_tcp import OpenFlowServer
from xds_server.southbound.ovsdb import OvsdbServer


def test_each_start_fences_off_the_one_before(tmp_path: Path) -> None:
    settings = ServerSettings(state=tmp_path, openflow_spared_tables="200-201")
    first = session_settings(settings, lambda: 5.0)
    assert (first.role, first.generation) == (Role.PRIMARY, 5000)
    assert first.owner.spared == {200, 201}
    assert session_settings(settings, lambda: 5.0).generation == 5001


def test_equals_fence_nobody_off(tmp_path: Path) -> None:
    settings = ServerSettings(state=tmp_path, openflow_role="equal")
    assert session_settings(settings, lambda: 5.0).role is Role.EQUAL
    assert not (tmp_path / "generation").exists()


async def test_a_remote_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    settings = ServerSettings(
        state=tmp_path, openflow="127.0.0.1:0", ovsdb="127.0.0.1:0", ovsdb_connect="host1"
    )
    openflow, ovsdb = OpenFlowServer(print), OvsdbServer(print)
    with pytest.raises(MachineError, match="'host1' is no OVSDB server"):
        await open_ports(settings, openflow, ovsdb, None)
    await ovsdb.stop()
    await openflow.stop()
