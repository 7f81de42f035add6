from tests.conversations.controller.script import (
    BRIDGE,
    LISTENER,
    PLAN,
    PORTS,
    PROXY,
    Conversation,
    program,
    snapshot,
    targets,
)
from xds_server.controller.progress import progressed
from xds_server.controller.state import Committed, Owning
from xds_server.controller.values import Progress, Reach
from xds_server.snapshots.evidence import (
    Acked,
    Connected,
    Device,
    DeviceKind,
    Disconnected,
    Nacked,
)


def reach(talk: Conversation, device: Device) -> Reach:
    return talk.state.progress[device].reach


def test_each_device_comes_as_far_as_it_comes() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a"), program(1)))
    assert reach(talk, PROXY) is Reach.PENDING
    assert reach(talk, BRIDGE) is Reach.ABSENT
    wanted = talk.state.status.of(PROXY).types[LISTENER].wanted
    talk >> Acked(PROXY, LISTENER, wanted, talk.now + 0.25)
    assert talk.state.progress[PROXY] == Progress(Reach.ACKED, 0.25)


def test_a_step_on_the_way_is_not_the_revision() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("old"), program(1)))
    talk.connect(PROXY, BRIDGE)
    talk.ack_proxy()
    talk.ack_bridge()
    talk.commit(2, targets(snapshot("new"), program(2)))
    assert talk.ack_proxy() == ["bridge 2"]  # it has the new beside the old
    assert reach(talk, PROXY) is Reach.PENDING
    talk.ack_bridge()
    talk.ack_proxy()
    assert (reach(talk, PROXY), reach(talk, BRIDGE)) == (Reach.ACKED, Reach.ACKED)


def test_a_refusal_is_kept_with_its_reason_and_an_acknowledgement_for_good() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    talk.connect(PROXY, BRIDGE)
    wanted = talk.state.status.of(PROXY).types[LISTENER].wanted
    talk >> Nacked(PROXY, LISTENER, wanted, talk.now, "no", "a", "a.yaml:3")
    assert talk.state.progress[PROXY] == Progress(Reach.NACKED, None, "no", "a.yaml:3")
    talk.ack_bridge()
    talk >> Disconnected(BRIDGE, talk.now)
    assert reach(talk, BRIDGE) is Reach.ACKED


def test_a_restart_goes_on_where_it_was() -> None:
    talk = Conversation()
    before = {PROXY: Progress(Reach.ACKED, 0.5), BRIDGE: Progress(Reach.ABSENT)}
    wanted = targets(snapshot("a"), program(1))
    talk >> Committed(7, PLAN, wanted, PORTS, 50.0, since=10.0, progress=before)
    assert talk.state.progress[PROXY] == before[PROXY]
    talk >> Connected(BRIDGE, 59.0)
    talk.now = 60.0
    talk.ack_bridge()
    assert talk.state.progress[BRIDGE] == Progress(Reach.ACKED, 50.0)


def test_before_any_revision_nothing_has_progress() -> None:
    talk = Conversation()
    talk.commit(0, targets(snapshot("a"), program(1)))  # what a folder gives before any policy
    talk.connect(PROXY)
    assert not talk.state.progress


def test_who_goes_before_it_has_answered_is_absent() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    talk.connect(PROXY)
    assert reach(talk, PROXY) is Reach.PENDING
    talk >> Disconnected(PROXY, talk.now)
    assert reach(talk, PROXY) is Reach.ABSENT


def test_who_is_not_declared_has_no_progress() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    stranger = Device(DeviceKind.PROXY, "stranger")
    talk.connect(stranger)
    assert stranger not in talk.state.progress


def test_who_has_secrets_alone_has_no_progress_and_others_have() -> None:
    talk = Conversation()
    talk >> Owning(frozenset({"keeper"}), talk.now)
    talk.commit(1, targets(snapshot("a"), program(1)))
    keeper = Device(DeviceKind.PROXY, "keeper")
    talk.connect(keeper, PROXY)
    assert keeper not in talk.state.progress
    assert reach(talk, PROXY) is Reach.PENDING


def test_what_is_no_news_leaves_the_state_as_it_is() -> None:
    talk = Conversation()
    talk.commit(1, targets(snapshot("a"), program(1)))
    talk.connect(PROXY)
    assert progressed(talk.state, Connected(PROXY, talk.now)) is talk.state
