"""Rows of QoS and Queue as values."""

import pytest

from xds_server.protocols.ovsdb.qos import Qos, Queue, qos_of, strays

OURS = ["map", [["fsdn", "true"]]]
PORT = {"name": "web", "qos": ["uuid", "s"]}
NUMBERED = {"queues": ["map", [[2, ["uuid", "k"]], [1, ["uuid", "gone"]]]], "external_ids": OURS}


def test_a_qos_has_the_queues_that_are_there() -> None:
    found = qos_of(PORT, {"s": NUMBERED}, {"k": {}})
    assert found == Qos("web", "s", "", {}, {"fsdn": "true"}, {2: Queue("k")})
    assert found is not None
    assert (found.ours, found.queues[2].ours) == (True, False)


@pytest.mark.parametrize("port", [{}, {"qos": ["set", []]}, {"qos": ["uuid", "away"]}])
def test_a_port_may_have_none(port: dict[str, object]) -> None:
    assert qos_of(port, {"s": NUMBERED}, {}) is None


K = ["uuid", "k"]


@pytest.mark.parametrize(
    "queues",
    [
        *(None, 1, ["map"], ["map", 1], ["map", [1]], ["map", [[1]]], ["map", [["a", "b"]]]),
        *(["set", [[1, K]]], ["map", [[1, K]], 2], ["map", [[1, K, 2]]]),
    ],
)
def test_queues_that_make_no_sense_are_none(queues: object) -> None:
    found = qos_of(PORT, {"s": {"queues": queues}}, {"k": {}})
    assert found is not None
    assert found.queues == {}


def test_only_our_rows_of_nobody_are_strays() -> None:
    lost, ours = {**NUMBERED}, {"external_ids": OURS}
    assert strays([PORT], {"s": NUMBERED}, {"k": ours}) == ()
    assert strays([], {"s": lost}, {"k": ours, "o": {}}) == ("k", "s")
    assert strays([], {"s": {}}, {"o": {}}) == ()
    assert strays([], {}, {}) == ()
