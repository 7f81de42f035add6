from dataclasses import replace

import pytest

from tests.conversations.xds.responses import endpoints
from xds_server.protocols.xds.delta import DeltaWatch
from xds_server.protocols.xds.effects import Send
from xds_server.protocols.xds.heartbeat import BeatingWatch
from xds_server.protocols.xds.offer import Target
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import snapshot_of

WEB = Device(DeviceKind.PROXY, "web-1")


def holding(*lives: float, shared: Shared | None = None) -> tuple[BeatingWatch, Target]:
    """A watch whose client holds a resource for each life, since second 0."""
    resources = [replace(endpoints(f"e{n}"), ttl=ttl, version="") for n, ttl in enumerate(lives)]
    target = Target(1, snapshot_of(resources), retain=False)
    watch = DeltaWatch(ENDPOINT, WEB, patience=20.0, shared=shared)
    watch.receive(DeltaRequest(ENDPOINT, tuple(r.name for r in resources)), 0.0)
    [sent, _] = watch.advance(target, 0.0)
    assert isinstance(sent, Send)
    watch.receive(DeltaRequest(ENDPOINT, nonce=sent.nonce), 0.0)
    assert not [e for e in watch.advance(target, 0.0) if isinstance(e, Send)]
    return watch, target


@pytest.mark.parametrize(
    ("lives", "at"), [((9.0,), 3.0), ((9.0, 3.0), 1.0), ((0.0, 6.0), 2.0), ((0.0,), None)]
)
def test_the_shortest_life_sets_the_pace(lives: tuple[float, ...], at: float | None) -> None:
    watch, target = holding(*lives)
    assert watch.wakes_at() == at
    if at is not None:
        assert watch.advance(target, at - 0.01) == []
        [beat] = watch.advance(target, at)
        assert isinstance(beat, Send)
        assert set(beat.names) == {f"e{n}" for n, ttl in enumerate(lives) if ttl}


def test_streams_with_many_resources_share_what_was_found_in_equal_ones_alone() -> None:
    shared, many = Shared(), (0.0,) * 500
    for lives, at in ((many, None), ((*many, 9.0), 3.0), ((*many, 6.0), 2.0), ((*many, 9.0), 3.0)):
        watch, target = holding(*lives, shared=shared)
        assert watch.wakes_at() == at
        if at is not None:
            [beat] = watch.advance(target, at)
            assert isinstance(beat, Send)
            assert beat.names == ("e500",)


def following(before: Target) -> Target:
    return Target(2, before.snapshot, retain=False)


def test_what_rests_is_carried_to_the_next_snapshot() -> None:
    watch, target = holding(0.0)
    watch.carry(target.snapshot, following(target))
    assert watch.settled == 2


@pytest.mark.parametrize("owed", ["beats", "forced", "in flight", "another snapshot"])
def test_what_may_be_owed_something_is_looked_at(owed: str) -> None:
    watch, target = holding(9.0 if owed == "beats" else 0.0)
    before = target.snapshot
    if owed == "forced":
        watch.force(frozenset({"e0"}))
    elif owed == "in flight":
        newer = Target(2, snapshot_of([endpoints("e0", 2)]), retain=False)
        assert watch.advance(newer, 1.0)
    elif owed == "another snapshot":
        before = snapshot_of([endpoints("e0", 2)])
    settled = watch.settled
    watch.carry(before, Target(3, target.snapshot, retain=False))
    assert watch.settled == settled
