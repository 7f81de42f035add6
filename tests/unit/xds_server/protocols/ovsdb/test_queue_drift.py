"""Rows of queues that somebody deleted or changed are named, with the rule behind them."""

from dataclasses import replace

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_queueing import (
    CONFIG,
    DONE,
    FIVE,
    HELD,
    NAMES,
    QOS,
    SIX,
)
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.protocols.ovsdb.qos import Qos, Queue
from xds_server.protocols.ovsdb.queue_drift import QueueDeviation, queue_drift

WANTED = {"web": (FIVE,)}
FIFTH = "queue 5 of port web"


def _held(qos: Qos) -> Bridge:
    return replace(DONE, qos=(qos,))


def test_what_is_right_is_not_told() -> None:
    assert queue_drift(DONE, WANTED) == ()
    assert queue_drift(DONE, {**WANTED, "away": (SIX,)}) == ()
    others = Qos("web", "t", "linux-htb", {"max-rate": "7"})
    assert queue_drift(_held(others), {}) == ()  # nobody wants a queue there


@pytest.mark.parametrize(
    ("bridge", "kind", "what"),
    [
        (replace(DONE, qos=()), "missing", FIFTH),
        (_held(replace(QOS, queues={})), "missing", FIFTH),
        (_held(replace(QOS, queues={5: Queue("k", {"max-rate": "1"}, NAMES)})), "changed", FIFTH),
        (
            _held(replace(QOS, queues={5: Queue("k", CONFIG, {})})),
            "changed",
            f"{FIFTH}: it is of others",
        ),
        (
            _held(replace(QOS, external_ids={}, queues={})),
            "changed",
            f"{FIFTH}: the port has a QoS of others",
        ),
    ],
)
def test_what_differs_names_its_rule(bridge: Bridge, kind: str, what: str) -> None:
    assert queue_drift(bridge, WANTED) == (QueueDeviation(kind, what, "shop/p[0]"),)


def test_a_limit_of_the_port_that_somebody_changed_is_told() -> None:
    for qos in (replace(QOS, kind="linux-hfsc"), replace(QOS, config={"max-rate": "7"})):
        assert queue_drift(_held(qos), WANTED) == (QueueDeviation("changed", "QoS of port web"),)


def test_what_nobody_wants_is_left_over() -> None:
    six = Queue("l", CONFIG, {**NAMES, "fsdn-rule": "shop/gone[0]"})
    more = replace(QOS, queues={5: HELD, 6: six})
    left = QueueDeviation("left over", "queue 6 of port web", "shop/gone[0]")
    assert queue_drift(_held(more), WANTED) == (left,)
    stray = replace(DONE, strays=("u",))
    assert queue_drift(stray, WANTED) == (QueueDeviation("left over", "queue or QoS in row u"),)
