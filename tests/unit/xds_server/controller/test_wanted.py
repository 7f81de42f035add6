from tests.controlling import shop
from tests.conversations.controller.script import LISTENER, snapshot
from translators.compiler.allocations import Allocations
from xds_server.controller.compile import Compiled, compiled, load_files
from xds_server.controller.values import SourceFile
from xds_server.controller.wanted import wanted_anew, wanted_versions
from xds_server.protocols.xds.resource_types import CLUSTER, ENDPOINT
from xds_server.snapshots.model import Resource, Snapshot
from xds_server.status.fold import expecting
from xds_server.status.model import DeviceStatus


def _compiled(old: str = "", new: str = "", before: Compiled | None = None) -> Compiled:
    files = [
        SourceFile(one.name, one.text.replace(old, new) if old else one.text) for one in shop()
    ]
    documents, found = load_files(files)
    return compiled(documents, Allocations(), {}, found, before=before)


def _knowing(held: Snapshot) -> DeviceStatus:
    return expecting(DeviceStatus(), wanted_versions(held, None))


def test_an_emptied_type_has_to_be_acknowledged_too() -> None:
    empty = snapshot()
    assert wanted_versions(empty, None) == {}
    assert wanted_versions(empty, snapshot("a")) == {LISTENER: empty.version(LISTENER)}
    assert CLUSTER not in wanted_versions(empty, snapshot("a"))


def test_a_moved_endpoint_is_asked_for_as_before() -> None:
    first = _compiled()
    moved = _compiled("10.10.0.21,", "10.10.0.29,", first)
    changed = 0
    for host, now in moved.targets.proxies.items():
        before = first.targets.proxies[host]
        found = wanted_anew(_knowing(before), before, now)
        assert found == wanted_versions(now, before)
        changed += now.version(ENDPOINT) != before.version(ENDPOINT)
    assert changed


def test_other_references_are_looked_at_anew() -> None:
    before, now = snapshot("a"), snapshot("b")
    assert wanted_anew(_knowing(before), before, now) is None
    assert wanted_anew(_knowing(before), None, now) is None
    assert wanted_anew(_knowing(before), before, snapshot()) is None


def test_a_type_more_is_looked_at_anew() -> None:
    before = snapshot("a")
    now = before.with_type(ENDPOINT, {"e": Resource(ENDPOINT, "e", b"")})
    assert now.of(LISTENER) is before.of(LISTENER)
    assert wanted_anew(_knowing(before), before, now) is None


def test_of_the_types_known_those_wanted_are_asked_for_as_far_as_they_are_there() -> None:
    held = snapshot("a")
    known = expecting(DeviceStatus(), {LISTENER: held.version(LISTENER), CLUSTER: "1"})
    assert wanted_anew(known, held, held) == {LISTENER: held.version(LISTENER)}
    assert wanted_anew(expecting(known, {}), held, held) == {}
