from dataclasses import replace

from tests.conversations.xds.responses import endpoints
from xds_server.protocols.xds.delta import DeltaWatch
from xds_server.protocols.xds.offer import Target
from xds_server.protocols.xds.protobuf import put_text
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.protocols.xds.shared import Shared
from xds_server.protocols.xds.wire import DeltaRequest
from xds_server.snapshots.evidence import Acked, Device, DeviceKind, Nacked, Offered, Warned
from xds_server.snapshots.model import Resource, snapshot_of

DEVICE = Device(DeviceKind.PROXY, "web-1")


def watch(*names: str, shared: Shared | None = None) -> DeltaWatch:
    found = DeltaWatch(ENDPOINT, DEVICE, 20.0, shared)
    found.receive(DeltaRequest(ENDPOINT, names), 0.0)
    return found


def target(epoch: int, *resources) -> Target:
    return Target(epoch, snapshot_of(resources), retain=False)


def test_one_offer_in_flight() -> None:
    it = watch("a")
    assert it.offer_epoch == -1
    assert [type(e) for e in it.advance(target(1, endpoints("a")), 1.0)][1:] == [Offered]
    assert it.offer_epoch == 1
    assert it.advance(target(2, endpoints("a", 2)), 2.0) == []
    assert it.settle("not this one", None, 3.0) == []
    [acked] = it.settle(it.offer.nonce, None, 3.0)
    assert acked == Acked(
        DEVICE, ENDPOINT, target(1, endpoints("a")).snapshot.version(ENDPOINT), 3.0, 1
    )
    assert it.settled == 1


def test_who_acknowledged_everything_is_at_rest_without_another_look(monkeypatch) -> None:
    it = watch("a")
    aim = target(1, endpoints("a"))
    it.advance(aim, 1.0)
    it.settle(it.offer.nonce, None, 2.0)
    monkeypatch.setattr(it.__class__, "_compose", None)
    assert it.rests_at(aim)
    assert it.advance(aim, 3.0) == []
    following = Target(2, aim.snapshot, retain=False)
    assert it.advance(following, 4.0) == []
    assert it.settled == 2


def test_an_offer_that_owes_more_does_not_settle() -> None:
    it = watch("a")
    it.advance(target(1, endpoints("a")), 1.0)
    it.force(frozenset({"a"}))
    assert it.settle(it.offer.nonce, None, 2.0) == []
    assert it.settled == -1
    assert it.advance(target(1, endpoints("a")), 3.0) != []


def test_a_silent_client_is_complained_about_once_and_forgiven() -> None:
    it = watch("a")
    it.advance(target(1, endpoints("a")), 1.0)
    assert it.wakes_at() == 21.0
    assert it.complain(20.9) == []
    [warned] = it.complain(21.0)
    assert "has not answered ClusterLoadAssignment" in warned.warning
    assert it.complain(30.0) == []
    assert it.wakes_at() is None
    forgiven, acked = it.settle(it.offer.nonce, None, 31.0)
    assert forgiven == Warned(DEVICE, 31.0, "", warned.topic)
    assert isinstance(acked, Acked)


def test_refused_contents_are_remembered_within_bounds() -> None:
    it = watch("a")
    for number in range(40):
        it.advance(target(number, endpoints("a", number + 1)), 1.0)
        assert [type(e) for e in it.settle(it.offer.nonce, "no", 1.0)] == [Nacked]
    assert it.advance(target(39, endpoints("a", 40)), 1.0) == []
    assert it.refused == 39
    assert len(it._parked) == 16


def test_who_has_nothing_is_sent_what_names_what_is_missing() -> None:
    naming = Resource(ENDPOINT, "a", put_text(1, "web"))
    lacking = replace(target(2, naming), missing=frozenset({"web"}))
    assert watch("a").advance(lacking, 1.0) != []
    it = watch("a", "b")
    it.advance(target(1, endpoints("a"), endpoints("b")), 1.0)
    it.settle(it.offer.nonce, None, 1.0)
    it.advance(lacking, 1.0)
    assert dict(it.offer.content) == {"b": None}  # it keeps the "a" that it has
    it.settle(it.offer.nonce, None, 1.0)
    it.advance(replace(lacking, missing=frozenset()), 1.0)
    assert set(it.offer.content) == {"a"}


def test_who_refuses_an_empty_answer_is_not_told_it_again() -> None:
    it = watch("*")
    empty = target(1)
    it.advance(empty, 1.0)
    [refused] = it.settle(it.offer.nonce, "no", 1.0)
    assert refused.reason == "no"
    it.receive(DeltaRequest(ENDPOINT, unsubscribe=("*",)), 2.0)
    it.receive(DeltaRequest(ENDPOINT, ("*",)), 2.0)
    assert it.advance(empty, 2.0) == []
    assert (it.refused, it.offer) == (1, None)
    assert it.advance(target(2, endpoints("a")), 3.0) != []


def test_what_was_refused_is_said_of_the_next_version_without_being_sent() -> None:
    it = watch("a")
    it.advance(target(1, endpoints("a")), 1.0)
    [first] = it.settle(it.offer.nonce, "no", 1.0)
    assert it.advance(target(1, endpoints("a")), 2.0) == []
    newer = target(2, endpoints("a"), endpoints("b"))
    [again] = it.advance(newer, 3.0)
    assert again == replace(first, version=newer.snapshot.version(ENDPOINT), at=3.0)
    assert (it.offer, it.refused) == (None, 2)


def test_what_was_refused_together_is_divided_when_it_is_asked_for_again() -> None:
    it, aim = watch("a", "b"), target(1, endpoints("a"), endpoints("b"))
    it.advance(aim, 1.0)
    it.settle(it.offer.nonce, "no", 1.0)
    it.receive(DeltaRequest(ENDPOINT, unsubscribe=("a", "b")), 2.0)
    it.advance(aim, 2.0)
    it.receive(DeltaRequest(ENDPOINT, ("a", "b")), 3.0)
    it.advance(aim, 3.0)
    assert len(it.offer.content) == 1


def test_what_follows_a_refusal_is_worked_out_once_for_all_that_refuse_the_same(
    monkeypatch,
) -> None:
    shared = Shared()
    streams = [watch("a", "b", shared=shared) for _ in range(4)]
    before = target(1, endpoints("a"), endpoints("b"))
    aim = target(2, endpoints("a", 2), endpoints("b"))
    composed = []
    compose = DeltaWatch._compose
    monkeypatch.setattr(
        DeltaWatch, "_compose", lambda it, aim: composed.append(it) or compose(it, aim)
    )
    *refusing, willing = streams
    for it in streams:
        it.advance(before, 1.0)
        it.settle(it.offer.nonce, None, 1.0)
        it.advance(aim, 2.0)
    composed.clear()
    for it in streams:
        it.settle(it.offer.nonce, None if it is willing else "no", 3.0)
        assert it.advance(aim, 3.0) == []
    assert composed == [refusing[0]]
    assert [it.refused for it in streams] == [2, 2, 2, -1]
    assert willing.settled == 2
