"""What health checks found, laid over what proxies are told; nothing that is compiled has it."""

from __future__ import annotations

from xds_server.controller.state import Diagnosed, Effect, PublishProxy, State
from xds_server.protocols.reports.health import Checked
from xds_server.protocols.reports.marking import marked
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Snapshot
from xds_server.snapshots.replacing import replace
from xds_server.status.fold import expect
from xds_server.status.model import Status

_REMEMBERED = 16  # proxies share snapshots, and so their marked forms
_known: dict[tuple[int, frozenset[Checked]], tuple[Snapshot, Snapshot]] = {}


def with_marks(snapshot: Snapshot, unhealthy: frozenset[Checked]) -> Snapshot:
    """Return a snapshot with these endpoints marked; the same object for the same one."""
    if not unhealthy:
        return snapshot
    key = (id(snapshot), unhealthy)
    if key not in _known:
        found = marked(snapshot, unhealthy)
        while len(_known) >= _REMEMBERED:
            del _known[next(iter(_known))]
        _known[key] = (snapshot, found)  # what is held here gives its id to no other
    return _known[key][1]


def told(state: State, node: str) -> Snapshot | None:
    """Return what a proxy was told last, with its marks; None if it was told nothing."""
    snapshot = state.published.get(node)
    return None if snapshot is None else with_marks(snapshot, state.unhealthy)


def diagnosed(state: State, event: Diagnosed) -> tuple[State, list[Effect]]:
    """Tell those proxies anew whose endpoints became unhealthy or well; no rollout begins."""
    clusters = {checked.cluster for checked in state.unhealthy ^ event.unhealthy}
    status, effects = state.status, list[Effect]()
    for node, snapshot in sorted(state.published.items()):
        if clusters.isdisjoint(snapshot.of(ENDPOINT)):
            continue
        before = with_marks(snapshot, state.unhealthy)
        after = with_marks(snapshot, event.unhealthy)
        if after.version(ENDPOINT) != before.version(ENDPOINT):
            status = _expecting(status, node, after.version(ENDPOINT))
            effects.append(PublishProxy(node, after))
    return replace(state, unhealthy=event.unhealthy, status=status), effects


def _expecting(status: Status, node: str, version: str) -> Status:
    """Return the status in which a proxy should run these endpoints, if it asks for any."""
    device = Device(DeviceKind.PROXY, node)
    wanted = {url: one.wanted for url, one in status.of(device).types.items() if one.wanted}
    if ENDPOINT not in wanted:
        return status
    return expect(status, device, {**wanted, ENDPOINT: version})
