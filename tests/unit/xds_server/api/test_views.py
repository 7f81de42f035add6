from translators.diagnostics import Diagnostic
from xds_server.api.views import device_view, diagnostic_views, outcome_view
from xds_server.controller.values import Outcome
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.status.model import DeviceStatus, TypeStatus


def test_a_finding_is_spelled_in_parts_and_in_one_line() -> None:
    (view,) = diagnostic_views([Diagnostic("a.yaml", 3, "FS1001", "wrong", "mend it")])
    assert (view.file, view.line, view.code) == ("a.yaml", 3, "FS1001")
    assert view.text == "a.yaml:3: FS1001 wrong, mend it"


def test_types_that_a_device_need_not_run_are_left_out() -> None:
    types = {"lds": TypeStatus(wanted="1", acked="1"), "rds": TypeStatus(acked="0")}
    known = DeviceStatus(declared=True, connected=True, seen=True, types=types)
    view = device_view(Device(DeviceKind.PROXY, "h"), known)
    assert [kind.type for kind in view.types] == ["lds"]
    assert view.state == "SYNCED"


def test_an_outcome_without_changes_is_empty() -> None:
    view = outcome_view(Outcome(3, False, ()))
    assert (view.revision, view.changes, view.devices) == (3, [], [])
