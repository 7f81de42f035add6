"""A revision that declares whom the last one did asks only who is here."""

from dataclasses import replace

from tests.conversations.controller.script import (
    BRIDGE,
    PLAN,
    PORTS,
    PROXY,
    Conversation,
    program,
    snapshot,
    targets,
)
from tests.plans import rule
from translators.plan.model import Plan, Shaping
from xds_server.controller.reconcile import reconcile
from xds_server.controller.state import Committed, DeclareHosts, Owning
from xds_server.controller.targets import Targets
from xds_server.snapshots.evidence import Connected, Device, DeviceKind, Disconnected, Warned

FIRST = targets(snapshot("a"), program(1))
OTHER_FLOWS = replace(FIRST, bridges={"host1": program(2)})
FAR = Device(DeviceKind.BRIDGE, "host2")


def declares(talk: Conversation, wanted: Targets, plan: Plan = PLAN) -> list[DeclareHosts]:
    _, effects = reconcile(talk.state, Committed(2, plan, wanted, PORTS, talk.now + 1))
    return [one for one in effects if isinstance(one, DeclareHosts)]


def begun() -> Conversation:
    talk = Conversation()
    talk.commit(1, FIRST)
    return talk


def test_hosts_are_declared_again_where_they_or_their_queues_may_differ() -> None:
    assert not declares(begun(), OTHER_FLOWS)
    moved = replace(PLAN.hosts[0], datapath_id=77)
    assert declares(begun(), OTHER_FLOWS, replace(PLAN, hosts=(moved, *PLAN.hosts[1:])))
    queue = rule("shop/p[0]", 5, sources=("shop/web",), shape=Shaping(1, 1, 1, queue=True))
    assert declares(begun(), OTHER_FLOWS, replace(PLAN, rules=(queue,), captures=()))


def test_the_last_queue_is_taken_away() -> None:
    queue = rule("shop/p[0]", 5, sources=("shop/web",), shape=Shaping(1, 1, 1, queue=True))
    talk = Conversation()
    talk >> Committed(1, replace(PLAN, rules=(queue,), captures=()), FIRST, PORTS, 1.0)
    assert [one.queues for one in declares(talk, OTHER_FLOWS)] == [{}]


def test_only_who_is_here_is_told_of_other_flows() -> None:
    talk = begun()
    talk.connect(PROXY, BRIDGE)
    talk.ack_proxy()
    talk.ack_bridge()
    assert talk.commit(2, OTHER_FLOWS) == ["bridge 2"]
    assert talk.ack_bridge()[-1] == "reached 2"
    assert {str(device) for device in talk.state.progress} == {
        str(device) for device in talk.state.status.devices
    }


def test_a_stranger_that_has_left_is_forgotten() -> None:
    talk = begun()
    stranger = Device(DeviceKind.BRIDGE, "nobody")
    for event in (
        Connected(stranger, 1.0),
        Warned(stranger, 1.0, "odd", "topic"),
        Disconnected(stranger, 2.0),
    ):
        talk >> event
    assert stranger in talk.state.status.devices
    talk.commit(2, OTHER_FLOWS)
    assert stranger not in talk.state.status.devices


def test_a_node_that_has_secrets_alone_has_no_progress() -> None:
    talk = begun()
    talk >> Owning(frozenset({"elsewhere"}), 2.0)
    talk.commit(2, OTHER_FLOWS)
    own = Device(DeviceKind.PROXY, "elsewhere")
    assert own in talk.state.status.devices
    assert own not in talk.state.progress
    assert FAR in talk.state.progress
