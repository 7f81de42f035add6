import pytest

from tests.controlling import policies, shop
from translators.compiler.allocations import Allocations
from xds_server.controller.compile import compared, compiled, load_files, nothing
from xds_server.controller.errors import RefusedError
from xds_server.controller.values import SourceFile
from xds_server.snapshots.evidence import Device, DeviceKind


def test_all_files_are_read_before_anything_is_refused() -> None:
    broken = [SourceFile("a.yaml", "kind: Nonsense\n"), SourceFile("b.yaml", "kind: [\n")]
    with pytest.raises(RefusedError) as refused:
        load_files([*broken, *shop()])
    assert {d.file for d in refused.value.diagnostics} == {"a.yaml", "b.yaml"}


def test_a_policy_alone_refers_to_what_is_not_there() -> None:
    with pytest.raises(RefusedError) as refused:
        compiled(load_files(policies())[0], Allocations(), {})
    assert {d.code for d in refused.value.diagnostics} >= {"FS1101"}


def test_numbers_given_out_are_kept() -> None:
    first = compiled(load_files(shop())[0], Allocations(), {})
    again = compiled(load_files(shop())[0], first.compilation.allocations, {})
    assert again.compilation.allocations == first.compilation.allocations
    assert again.plan == first.plan
    assert again.targets == first.targets


def test_a_comparison_counts_devices_and_meaning() -> None:
    found = compared(nothing(), compiled(load_files(shop())[0], Allocations(), {}))
    assert len(found.changes) == 26
    told = found.told()
    assert told.meaning
    touched = {impact.device for impact in told.devices}
    assert Device(DeviceKind.PROXY, "host1") in touched
    assert Device(DeviceKind.SWITCH, "leaf1") in touched
