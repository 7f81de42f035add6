import pytest

from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.status.model import (
    DeviceStatus,
    Refusal,
    State,
    Status,
    TypeStatus,
    status_of,
)


@pytest.mark.parametrize(
    ("kept", "state"),
    [
        (TypeStatus(wanted="a", acked="a"), State.SYNCED),
        (TypeStatus(wanted="b", acked="a"), State.STALE),
        (TypeStatus(wanted="b", acked="a", refusal=Refusal("b", "no")), State.NACKED),
        (TypeStatus(wanted="c", acked="a", refusal=Refusal("b", "no")), State.STALE),
        (TypeStatus(acked="a"), State.SYNCED),
    ],
)
def test_a_connected_device_is_judged_by_what_it_should_run(kept: TypeStatus, state: State) -> None:
    device = DeviceStatus(declared=True, connected=True, seen=True, types={"x": kept})
    assert device.state("x") is state
    assert device.overall is (state if kept.wanted else State.SYNCED)


@pytest.mark.parametrize(
    ("device", "state"),
    [
        (DeviceStatus(connected=True, seen=True), State.UNKNOWN),
        (DeviceStatus(declared=True), State.NEVER),
        (DeviceStatus(declared=True, seen=True), State.DISCONNECTED),
        (DeviceStatus(declared=True, connected=True, seen=True), State.SYNCED),
    ],
)
def test_a_device_without_types_has_a_state(device: DeviceStatus, state: State) -> None:
    assert device.overall is state
    assert device.synced is (state is State.SYNCED)


def test_the_worst_type_counts() -> None:
    types = {
        "a": TypeStatus(wanted="1", acked="1"),
        "b": TypeStatus(wanted="2", acked="1"),
        "c": TypeStatus(wanted="3", refusal=Refusal("3", "no")),
    }
    device = DeviceStatus(declared=True, connected=True, types=types)
    assert device.overall is State.NACKED


def test_an_unheard_of_device_is_blank() -> None:
    assert Status().of(Device(DeviceKind.PROXY, "x")) == DeviceStatus()


def test_a_device_is_alone_until_another_of_its_kind_has_been_here() -> None:
    one, other = (Device(DeviceKind.BRIDGE, name) for name in ("host1", "host2"))
    seen, never = DeviceStatus(declared=True, seen=True), DeviceStatus(declared=True)
    proxies = {Device(DeviceKind.PROXY, "host2"): seen}
    assert status_of({one: seen, other: never, **proxies}).alone("host1")
    assert not status_of({one: seen, other: seen}).alone("host1")


def test_devices_that_are_here_or_nobodys_are_known_apart() -> None:
    one, other, third = (Device(DeviceKind.BRIDGE, name) for name in ("a", "b", "c"))
    here, far = DeviceStatus(declared=True, connected=True), DeviceStatus(declared=True)
    status = status_of({one: here, other: far, third: DeviceStatus()})
    assert set(status.lively) == {one, third}
    assert set(status.having(one, far).without(third).lively) == set()
