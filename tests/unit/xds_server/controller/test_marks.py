from tests.conversations.controller.test_health import BOTH, OTHER, SICK, WELL
from xds_server.controller.marks import told, with_marks
from xds_server.controller.state import State


def test_a_snapshot_without_marks_is_itself_and_a_marked_one_is_made_once() -> None:
    assert with_marks(BOTH, WELL) is BOTH
    assert with_marks(OTHER, SICK) is OTHER
    found = with_marks(BOTH, SICK)
    assert found is not BOTH
    assert with_marks(BOTH, SICK) is found


def test_what_a_proxy_was_told_has_its_marks() -> None:
    state = State(unhealthy=SICK)
    assert told(state, "host1") is None
    state = State(unhealthy=SICK, published=state.published.set("host1", BOTH))
    assert told(state, "host1") is with_marks(BOTH, SICK)
