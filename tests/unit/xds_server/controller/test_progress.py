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
from xds_server.controller.state import Committed
from xds_server.controller.values import Progress, Reach
from xds_server.snapshots.evidence import Acked, Connected, Device, Disconnected, Nacked


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
