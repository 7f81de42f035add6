import json

import pytest

from xds_server.journal import configure, record, record_all
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

PROXY = Device(DeviceKind.PROXY, "host1")


def written(
    capsys: pytest.CaptureFixture[str], level: str, *evidence: Evidence
) -> list[dict[str, str]]:
    configure("json", level)
    for one in evidence:
        record(one)
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_refusal_is_a_warning_with_reason_and_origin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (line,) = written(capsys, "info", Nacked(PROXY, "lds", "1", 2.0, "bad port", "l", "a.yaml:3"))
    assert (line["level"], line["event"]) == ("warning", "refused")
    assert (line["reason"], line["origin"]) == ("bad port", "a.yaml:3")


def test_offers_are_for_debugging_only(capsys: pytest.CaptureFixture[str]) -> None:
    offered = Offered(PROXY, "lds", "1", 2.0)
    assert written(capsys, "info", offered) == []
    assert len(written(capsys, "debug", offered)) == 1


def test_equal_acknowledgements_of_several_devices_are_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = Device(DeviceKind.PROXY, "host2")
    configure("json", "info")
    record_all(
        [
            Acked(PROXY, "lds", "1", 1.0, 3),
            Offered(PROXY, "rds", "1", 1.0),
            Acked(other, "lds", "1", 1.5, 3),
            Acked(other, "lds", "2", 2.0, 3),
            Disconnected(PROXY, 3.0, "gone"),
        ]
    )
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [(line["event"], line.get("device"), line.get("devices")) for line in lines]
    assert told == [
        ("acked", None, ["proxy/host1", "proxy/host2"]),
        ("acked", "proxy/host2", None),
        ("disconnected", "proxy/host1", None),
    ]
    assert (lines[0]["type"], lines[0]["version"], lines[0]["written"]) == ("lds", "1", 3)


def test_every_kind_of_evidence_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = written(
        capsys,
        "debug",
        Connected(PROXY, 1.0, "envoy"),
        Offered(PROXY, "lds", "1", 1.0),
        Acked(PROXY, "lds", "1", 1.0, 3),
        Nacked(PROXY, "lds", "1", 1.0, "x"),
        PortsChanged(PROXY, 1.0, {"web": 1}),
        Warned(PROXY, 1.0, "slow", "pace"),
        Warned(PROXY, 1.0, "", "pace"),
        Disconnected(PROXY, 1.0, "gone"),
    )
    assert [line["event"] for line in lines] == [
        "connected",
        "offered",
        "acked",
        "refused",
        "ports",
        "warning",
        "warning is over",
        "disconnected",
    ]
    assert all(line["device"] == "proxy/host1" for line in lines)
