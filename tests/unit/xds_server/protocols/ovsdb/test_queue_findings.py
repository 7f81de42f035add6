"""Why a queue has no effect, in words that say what to do."""

from dataclasses import replace

import pytest

from tests.unit.xds_server.protocols.ovsdb.test_queueing import DONE, FIVE, HELD, QOS
from xds_server.protocols.ovsdb.qos import Queue
from xds_server.protocols.ovsdb.queue_findings import ineffective

USERSPACE = replace(DONE, datapath="netdev")


def test_a_kernel_needs_no_agent() -> None:
    assert ineffective(DONE, {"web": (FIVE,)}) == ""
    assert ineffective(replace(DONE, datapath="system"), {"web": (FIVE,)}) == ""
    assert ineffective(USERSPACE, {}) == ""


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ({}, "no host agent sorts packets in user space, run fsdn agent --role host"),
        ({"fsdn-trouble": "nft is not installed"}, "cannot sort packets (nft is not installed)"),
        ({"fsdn-classes": "4:18"}, "another rule's packets have the mark 18 too"),
        ({"fsdn-classes": "4:8 5:18"}, ""),
    ],
)
def test_in_user_space_the_agent_says_what_it_sorts(notes: dict[str, str], words: str) -> None:
    qos = replace(QOS, external_ids={"fsdn": "true", **notes})
    found = ineffective(replace(USERSPACE, qos=(qos,)), {"web": (FIVE,)})
    assert words in found
    assert bool(words) == bool(found)


def test_in_user_space_a_queue_needs_a_mark() -> None:
    found = ineffective(USERSPACE, {"web": (replace(FIVE, dscp=None),)})
    assert "shop/p[0] at port web: packets find their queue by their mark" in found


def test_what_others_hold_is_named() -> None:
    foreign = replace(QOS, external_ids={})
    found = ineffective(replace(DONE, qos=(foreign,)), {"web": (FIVE,)})
    assert "the port has a QoS of others, which is left alone" in found
    taken = replace(QOS, queues={5: Queue(HELD.uuid)})
    found = ineffective(replace(DONE, qos=(taken,)), {"web": (FIVE,)})
    assert "others have put a queue of their own at the number 5" in found


def test_a_port_without_queues_is_named_and_many_are_counted() -> None:
    internal = replace(DONE.interfaces[1], kind="internal")
    wanted = tuple(replace(FIVE, number=n, rule=f"shop/p[{n}]") for n in range(1, 6))
    found = ineffective(replace(DONE, interfaces=(internal,)), {"web": wanted})
    assert "a port of type internal has no queues" in found
    assert "shop/p[3] at port web and 2 more" in found
