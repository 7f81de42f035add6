"""A vswitch on this machine is asked by its control socket, named or found in its run directory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.devices.ovs import PrivateOvs
from xds_server.controller.errors import MachineError
from xds_server.controller.host_agents import Trace
from xds_server.southbound.unixctl_near import NearVswitches

ASKED = Trace("br-int", "in_port=1,ip", ("new,trk",))


@pytest.mark.device
def test_a_real_vswitch_is_asked_by_its_socket() -> None:
    with PrivateOvs() as ovs:
        ovs.add_bridge("br-int", {"web": 1})
        near = NearVswitches({"host1": ovs.directory / "vswitchd.ctl"})
        assert near.knows("host1")
        assert "No match" in asyncio.run(near.trace("host1", ASKED))
        with pytest.raises(MachineError, match=r"vswitch of host host1 cannot tell: .*br-none"):
            asyncio.run(near.trace("host1", Trace("br-none", "ip", ())))


def test_what_cannot_be_asked_is_a_sentence(tmp_path: Path) -> None:
    near = NearVswitches({"host1": tmp_path, "host2": tmp_path / "gone.ctl"})
    assert not near.knows("host3")
    with pytest.raises(MachineError, match="no ovs-vswitchd runs"):
        asyncio.run(near.trace("host1", ASKED))
    with pytest.raises(MachineError, match="host host2 cannot tell: cannot speak with"):
        asyncio.run(near.trace("host2", ASKED))
