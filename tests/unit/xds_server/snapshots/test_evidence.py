from dataclasses import FrozenInstanceError

import pytest

from xds_server.snapshots.evidence import Acked, Device, DeviceKind


def test_a_device_prints_as_its_kind_and_name() -> None:
    assert str(Device(DeviceKind.BRIDGE, "host1")) == "bridge/host1"


def test_devices_sort_by_kind_then_name() -> None:
    devices = [Device(DeviceKind.SWITCH, "a"), Device(DeviceKind.BRIDGE, "b")]
    assert sorted(devices)[0].name == "b"


def test_evidence_is_a_value() -> None:
    acked = Acked(Device(DeviceKind.PROXY, "p"), "flows", "v", 1.0)
    assert acked.written == 0
    with pytest.raises(FrozenInstanceError):
        acked.version = "w"  # type: ignore[misc]
