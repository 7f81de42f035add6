from functools import reduce

from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Evidence,
    Nacked,
    Offered,
    PortsChanged,
    Warned,
)
from xds_server.status.fold import declare, expect, fold, fold_all
from xds_server.status.model import State, Status

PROXY = Device(DeviceKind.PROXY, "host1")
BRIDGE = Device(DeviceKind.BRIDGE, "host1")


def told(status: Status, *evidence: Evidence) -> Status:
    return reduce(fold, evidence, status)


def declared(device: Device = PROXY, **versions: str) -> Status:
    return expect(declare(Status(), [device]), device, versions)


def test_acknowledgements_together_are_as_one_by_one() -> None:
    status = told(declared(BRIDGE, flows="1"), Connected(BRIDGE, 1.0))
    status = expect(declare(status, [PROXY, BRIDGE]), PROXY, {"lds": "1", "cds": "2"})
    status = told(status, Connected(PROXY, 1.0))
    stranger = Device(DeviceKind.PROXY, "stranger")
    acks = [
        Acked(PROXY, "lds", "1", 2.0),
        Acked(BRIDGE, "flows", "1", 2.5, 4),
        Acked(stranger, "lds", "9", 2.6),
        Acked(PROXY, "cds", "2", 3.0),
    ]
    together, after = fold_all(status, acks), told(status, *acks)
    assert together == after
    assert (together.behind, together.stale_bridges) == (after.behind, after.stale_bridges)
    assert not together.behind


def test_a_device_goes_from_never_to_synced() -> None:
    status = declared(lds="1")
    assert status.of(PROXY).overall is State.NEVER
    status = told(status, Connected(PROXY, 1.0, "envoy"))
    assert status.of(PROXY).overall is State.STALE
    status = told(status, Offered(PROXY, "lds", "1", 2.0), Acked(PROXY, "lds", "1", 3.0, 4))
    assert status.of(PROXY).overall is State.SYNCED
    assert status.of(PROXY).types["lds"].written == 4
    status = told(status, Disconnected(PROXY, 4.0, "reset"))
    assert status.of(PROXY).overall is State.DISCONNECTED
    assert status.of(PROXY).detail == "reset"


def test_a_refusal_names_reason_and_origin_until_something_is_acknowledged() -> None:
    refused = Nacked(PROXY, "lds", "2", 3.0, "bad port", "listener", "policy.yaml:7")
    status = told(declared(lds="2"), Connected(PROXY, 1.0), refused)
    refusal = status.of(PROXY).types["lds"].refusal
    assert refusal is not None
    assert (refusal.reason, refusal.resource, refusal.origin) == (
        "bad port",
        "listener",
        "policy.yaml:7",
    )
    assert status.of(PROXY).overall is State.NACKED
    status = expect(status, PROXY, {"lds": "3"})
    assert status.of(PROXY).overall is State.STALE
    status = told(status, Acked(PROXY, "lds", "3", 4.0))
    assert status.of(PROXY).types["lds"].refusal is None


def test_a_stranger_is_unknown_and_forgotten_when_it_leaves() -> None:
    status = told(Status(), Connected(PROXY, 1.0))
    assert status.of(PROXY).overall is State.UNKNOWN
    assert PROXY not in told(status, Disconnected(PROXY, 2.0)).devices


def test_what_is_no_longer_declared_stays_only_while_connected() -> None:
    status = told(declared(lds="1"), Connected(PROXY, 1.0), Acked(PROXY, "lds", "1", 1.0))
    gone = declare(status, [])
    assert gone.of(PROXY).overall is State.UNKNOWN
    assert PROXY not in declare(told(status, Disconnected(PROXY, 2.0)), []).devices


def test_a_warning_ends_by_its_topic() -> None:
    warned = told(declared(BRIDGE), Warned(BRIDGE, 1.0, "not secure", "fail-mode"))
    assert warned.of(BRIDGE).warnings == {"fail-mode": "not secure"}
    other = told(warned, Warned(BRIDGE, 2.0, "", "other"))
    assert other.of(BRIDGE).warnings == {"fail-mode": "not secure"}
    assert told(other, Warned(BRIDGE, 3.0, "", "fail-mode")).of(BRIDGE).warnings == {}


def test_ports_mean_that_the_bridge_is_here() -> None:
    assert told(declared(BRIDGE), PortsChanged(BRIDGE, 1.0, {"a": 1})).of(BRIDGE).connected


def test_a_type_that_is_no_longer_expected_is_no_trouble() -> None:
    status = told(declared(rds="1"), Connected(PROXY, 1.0), Acked(PROXY, "rds", "1", 1.0))
    assert expect(status, PROXY, {}).of(PROXY).overall is State.SYNCED


def test_a_bridge_that_comes_back_is_not_synced_before_it_says_so() -> None:
    status = told(declared(BRIDGE, flows="1"), Connected(BRIDGE, 1.0))
    status = told(status, Acked(BRIDGE, "flows", "1", 2.0, 9))
    assert status.of(BRIDGE).overall is State.SYNCED
    assert told(status, Connected(BRIDGE, 3.0, "more")).of(BRIDGE).overall is State.SYNCED
    back = told(status, Disconnected(BRIDGE, 4.0), Connected(BRIDGE, 5.0))
    assert back.of(BRIDGE).overall is State.STALE
    assert told(back, Acked(BRIDGE, "flows", "1", 6.0)).of(BRIDGE).overall is State.SYNCED
