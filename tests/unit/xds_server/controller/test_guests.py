from dataclasses import replace

from tests.conversations.controller.script import PROXY, Conversation, snapshot, targets
from xds_server.controller.memory import rows_of
from xds_server.controller.state import Committed, Owning
from xds_server.controller.targets import Targets
from xds_server.snapshots.evidence import Acked, Connected, Device, DeviceKind, Disconnected

GUEST = Device(DeviceKind.PROXY, "guest")
OTHERS = replace(targets(snapshot("own")), others=snapshot("shared"))


def guest_in(talk: Conversation) -> bool:
    return talk.state.status.of(GUEST).guest and talk.state.status.of(GUEST).declared


def test_who_comes_gets_what_is_for_every_node_and_is_forgotten_when_it_leaves() -> None:
    talk = Conversation()
    talk.commit(1, OTHERS)
    talk >> Connected(GUEST, 5.0)
    assert talk.state.published["guest"] == snapshot("shared")
    assert guest_in(talk)
    for kind, version in snapshot("shared").versions.items():
        talk >> Acked(GUEST, kind, version, 6.0)
    assert talk.state.status.of(GUEST).synced
    assert rows_of(talk.state.status) == (), "names that anyone can invent are not stored"
    assert GUEST not in talk.state.progress
    assert talk >> Disconnected(GUEST, 7.0) == ["withdraw guest"]
    assert GUEST not in talk.state.status.devices
    assert "guest" not in talk.state.published


def test_who_is_here_already_is_served_once_there_is_something() -> None:
    talk = Conversation()
    talk >> Connected(GUEST, 0.0)
    assert not guest_in(talk)
    talk.commit(1, OTHERS)
    assert talk.state.published["guest"] == snapshot("shared")
    assert guest_in(talk)
    talk.commit(2, targets(snapshot("own")))
    assert not guest_in(talk)
    assert "guest" not in talk.state.published


def test_a_guest_that_is_named_stays_when_it_leaves() -> None:
    talk = Conversation()
    talk.commit(1, OTHERS)
    talk >> Connected(GUEST, 5.0)
    named = replace(OTHERS, proxies={**OTHERS.proxies, "guest": snapshot("its own")})
    talk.commit(2, named)
    assert talk.state.published["guest"] == snapshot("its own")
    assert not talk.state.status.of(GUEST).guest
    talk >> Disconnected(GUEST, 9.0)
    assert talk.state.status.of(GUEST).declared


def test_hosts_and_bridges_are_no_guests() -> None:
    talk = Conversation()
    talk.commit(1, OTHERS)
    talk >> Connected(PROXY, 1.0)
    talk >> Connected(Device(DeviceKind.BRIDGE, "stranger"), 1.0)
    assert not any(known.guest for known in talk.state.status.devices.values())


def test_without_a_policy_named_nodes_are_served_all_the_same() -> None:
    talk = Conversation()
    only = Targets({"web": snapshot("a")})
    talk >> Committed(0, replace(talk.state.plan), only, {}, 1.0)
    assert talk.state.published["web"] == snapshot("a")
    assert talk.state.status.of(Device(DeviceKind.PROXY, "web")).declared


def test_who_has_secrets_alone_is_declared_and_no_part_of_a_revision() -> None:
    talk, owner = Conversation(), Device(DeviceKind.PROXY, "guest")
    talk >> Connected(owner, 0.0)
    talk >> Owning(frozenset({"guest"}), 1.0)
    assert talk.state.status.of(owner).synced
    talk.commit(1, targets(snapshot("own")))
    assert talk.state.status.of(owner).declared
    assert owner not in talk.state.progress
    talk >> Disconnected(owner, 9.0)
    assert str(talk.state.status.of(owner).overall) == "DISCONNECTED"
    talk >> Owning(frozenset(), 10.0)
    assert owner not in talk.state.status.devices


def test_a_guest_with_secrets_stays_declared_when_it_leaves() -> None:
    talk = Conversation()
    talk >> Owning(frozenset({"guest"}), 0.0)
    talk.commit(1, OTHERS)
    talk >> Connected(GUEST, 5.0)
    assert guest_in(talk)
    talk >> Disconnected(GUEST, 9.0)
    assert talk.state.status.of(GUEST).declared
    assert not talk.state.status.of(GUEST).guest
