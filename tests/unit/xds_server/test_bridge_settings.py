from pathlib import Path

import pytest

from xds_server.bridge_settings import sockets_of, tables_of
from xds_server.settings import ServerSettings, SettingsError


@pytest.mark.parametrize(
    ("text", "tables"),
    [("", set()), ("7", {7}), ("100-102, 250", {100, 101, 102, 250}), ("0-0,254", {0, 254})],
)
def test_tables_are_numbers_and_ranges(text: str, tables: set[int]) -> None:
    assert tables_of(text) == tables


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("openflow_spared_tables", "9-3", "write 0 to 254"),
        ("openflow_spared_tables", "255", "write 0 to 254"),
        ("openflow_spared_tables", "a", "write 0 to 254"),
        ("openflow_role", "boss", "neither primary nor equal"),
        ("bridge_target", "192.0.2.1:6653", "write tcp:HOST:PORT"),
        ("tunnel_type", "gre", "neither vxlan nor geneve"),
        ("bridge_target", "tcp:", "write tcp:HOST:PORT"),
        ("vswitch_sockets", "/run/openvswitch", "write HOST=/run/openvswitch"),
        ("vswitch_sockets", "host1=run", "write HOST=/run/openvswitch"),
    ],
)
def test_what_cannot_be_meant_is_refused(setting: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        ServerSettings.model_validate({setting: value}).check()


def test_the_usual_settings_are_sound() -> None:
    ServerSettings().check()


def test_vswitches_are_named_by_host() -> None:
    assert sockets_of("host1=/run/openvswitch, host2=/tmp/a.ctl") == {
        "host1": Path("/run/openvswitch"),
        "host2": Path("/tmp/a.ctl"),
    }
