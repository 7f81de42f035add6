from dataclasses import FrozenInstanceError

import pytest

from xds_server.controller.state import Rollout, Stage, State


def test_the_state_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        State().revision = 3  # type: ignore[misc]
    assert State() == State()
    assert Rollout(Stage.PROXY, 1.0) != Rollout(Stage.BRIDGE, 1.0)
