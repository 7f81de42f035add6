from dataclasses import replace

from tests.conversations.controller.script import (
    BRIDGE,
    LISTENER,
    PROXY,
    Conversation,
    program,
    snapshot,
    targets,
)
from translators.openflow.tables import Table
from xds_server.controller.rollout import (
    accepting,
    advance,
    at_stage,
    concerned,
    finish,
    movable,
    overdue,
    united,
)
from xds_server.controller.state import STAGE_SECONDS, Rollout, Stage, State
from xds_server.snapshots.evidence import Connected, Disconnected
from xds_server.snapshots.model import (
    BridgeProgram,
    FlowEntry,
    FlowKey,
    Resource,
    program_of,
    snapshot_of,
)


def test_the_union_has_all_names_and_prefers_what_is_new() -> None:
    older = snapshot_of([Resource(LISTENER, name, b"older") for name in ("b", "c")])
    both = united(snapshot("a", "b"), older)
    bodies = {name: one.body for name, one in both.of(LISTENER).items()}
    assert bodies == {"a": b"a", "b": b"b", "c": b"older"}


def test_a_bridge_accepts_too_what_another_program_accepts_and_the_newer_one_decides() -> None:
    def accepts(cookie: int, *keys: int) -> BridgeProgram:
        arrivals = [FlowEntry(FlowKey(Table.ARRIVAL, key, b""), cookie, b"") for key in keys]
        sends = FlowEntry(FlowKey(Table.POLICY, cookie, b""), cookie, b"")
        return program_of([sends, *arrivals], [])

    old, new = accepts(1, 1, 2), accepts(2, 2, 3)
    for own, other in ((old, new), (new, old)):
        both = accepting(own, other, newer=new)
        cookies = {k.priority: f.cookie for k, f in both.flows.items() if k.table == Table.ARRIVAL}
        assert cookies == {1: 1, 2: 2, 3: 2}
        sends = [key.priority for key in both.flows if key.table == Table.POLICY]
        assert sends == [1 if own is old else 2]


def test_a_union_with_nothing_to_add_is_the_new_snapshot() -> None:
    assert united(snapshot("a", "b"), snapshot("a")).versions == snapshot("a", "b").versions


def test_who_owes_an_answer_cannot_go_on_before_its_deadline() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    late = talk.now + STAGE_SECONDS
    assert "host1" in talk.state.rollouts
    assert movable(talk.state, talk.now) == []
    assert not overdue(talk.state, talk.now)
    assert movable(talk.state, late) == ["host1"]
    assert overdue(talk.state, late)


def test_rollouts_that_are_there_end_together_as_one_by_one() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    state, left = finish(talk.state, ["host1"], talk.now)
    assert (state.rollouts, left) == (talk.state.rollouts, ["host1"])  # it has not answered
    at = talk.now + STAGE_SECONDS
    state, left = finish(talk.state, ["host1", "host2"], at)
    assert left == ["host2"]  # which is not on its way
    one, effects = advance(talk.state, "host1", at)
    assert effects == []
    assert (state.rollouts, state.widening) == (one.rollouts, one.widening)


def test_a_bridge_that_has_a_program_is_told_it_before_it_comes() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a"), program(1)))
    assert "bridge 1" in talk.ack_proxy()


def test_a_bridge_that_has_been_here_is_not_passed_over() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    talk.ack_proxy()
    talk >> Connected(BRIDGE, talk.now)
    talk >> Disconnected(BRIDGE, talk.now)
    talk.commit(2, targets(snapshot("a", "b")))
    talk.ack_proxy()
    assert "host1" in talk.state.rollouts  # its bridge may still send as it did
    assert finish(talk.state, ["host1"], talk.now)[1] == ["host1"]


def resting() -> State:
    """Return a state in which host1's proxy runs all that it is to run, and has no bridge."""
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    talk.ack_proxy()
    assert not concerned(talk.state, "host1")
    return talk.state


def test_who_is_on_the_way_is_concerned() -> None:
    state, on_the_way = resting(), Rollout(Stage.PROXY, 1.0)
    assert concerned(replace(state, rollouts=state.rollouts.set("host1", on_the_way)), "host1")
    assert concerned(replace(state, translating=frozenset({"host1"})), "host1")
    between = replace(state.targets, between={"host1": snapshot("a")})
    assert concerned(replace(state, targets=between), "host1")


def test_whose_proxy_is_told_something_else_is_concerned() -> None:
    state = resting()
    assert concerned(replace(state, published=state.published.delete("host1")), "host1")
    assert concerned(replace(state, targets=targets(snapshot("b"))), "host1")
    assert not concerned(replace(state, targets=targets(snapshot("a"))), "host1")


def test_whose_bridge_is_told_something_else_is_concerned() -> None:
    state = replace(resting(), targets=targets(snapshot("a"), program(1)))
    assert concerned(state, "host1")
    told = replace(state, programs=state.programs.set("host1", program(1)))
    assert not concerned(told, "host1")
    assert concerned(replace(told, targets=targets(snapshot("a"), program(2))), "host1")


def test_a_host_is_widened_until_its_bridge_is_told() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    assert ("host1" in talk.state.rollouts, "host1" in talk.state.widening) == (True, True)
    told = at_stage(talk.state, "host1", Rollout(Stage.BRIDGE, 1.0))
    assert ("host1" in told.rollouts, "host1" in told.widening) == (True, False)
    over = at_stage(told, "host1", None)
    assert ("host1" in over.rollouts, "host1" in over.widening) == (False, False)


def test_whose_bridge_was_told_may_go_on_though_its_proxy_owes_an_answer() -> None:
    talk = Conversation()
    talk.connect(PROXY)
    talk.commit(1, targets(snapshot("a")))
    assert movable(talk.state, talk.now) == []
    told = at_stage(talk.state, "host1", Rollout(Stage.BRIDGE, talk.now + STAGE_SECONDS))
    assert movable(told, talk.now) == ["host1"]
