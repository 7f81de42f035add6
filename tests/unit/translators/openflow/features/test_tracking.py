"""Marks say how a connection goes on; a new one begins with a SYN."""

import pytest

from tests.plans import shop_plan
from translators.openflow.features import tracking
from translators.openflow.fields import (
    CT_DNAT,
    CT_INVALID,
    CT_MARK,
    CT_NEW,
    CT_REPLY,
    CT_STATE,
    CT_TRACKED,
    ETH_TYPE,
    IP_PROTO,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_PROXY,
    ORIGIN,
    TCP_FLAGS,
    Field,
)
from translators.openflow.flow import Track, program
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
PROGRAM = program(tracking.flows(Site(PLAN, PLAN.host["host1"], {})), ())
ORIGINAL, REPLY = CT_TRACKED | 2, CT_TRACKED | 2 | CT_REPLY
WORKLOAD, PROXY, TUNNEL = 0, 1, 2


def _goes(mark: int, state: int, origin: int, **more: int) -> int | None:
    frame: dict[Field, int] = {CT_MARK: mark, CT_STATE: state, ORIGIN: origin}
    named = {"ether": ETH_TYPE, "protocol": IP_PROTO, "flags": TCP_FLAGS}
    frame |= {named[name]: value for name, value in more.items()}
    flow = find(PROGRAM, Table.STATE, frame)
    assert flow is not None
    return flow.goto


@pytest.mark.parametrize(
    ("mark", "state", "origin", "goto"),
    [
        (MARK_CLIENT, ORIGINAL, WORKLOAD, Table.REVOKE),
        (MARK_CLIENT, REPLY, PROXY, Table.LOOKUP),
        (MARK_CLIENT, ORIGINAL, PROXY, None),
        (MARK_CLIENT, REPLY, WORKLOAD, None),
        (MARK_PROXY, ORIGINAL, PROXY, Table.LOOKUP),
        (MARK_PROXY, REPLY, WORKLOAD, Table.STEER),
        (MARK_PROXY, REPLY, TUNNEL, Table.STEER),
        (MARK_PROXY, ORIGINAL, WORKLOAD, None),  # a client injects into its proxy's connection
        (MARK_DIRECT, ORIGINAL, WORKLOAD, Table.REVOKE),
        (MARK_DIRECT, REPLY, TUNNEL, Table.LOOKUP),
        (MARK_DIRECT, ORIGINAL, PROXY, None),
        (MARK_DIRECT, CT_NEW | CT_TRACKED, WORKLOAD, Table.REVOKE),  # a retransmission
        (MARK_DIRECT, CT_INVALID | CT_TRACKED, WORKLOAD, None),
        (MARK_DIRECT, ORIGINAL | CT_DNAT, WORKLOAD, Table.REVOKE),
        (MARK_DIRECT, ORIGINAL | CT_DNAT | CT_INVALID, TUNNEL, None),
        (0, ORIGINAL, WORKLOAD, None),  # established, but not by us
    ],
)
def test_marked_connections(mark: int, state: int, origin: int, goto: int | None) -> None:
    assert _goes(mark, state, origin) == goto


def test_new_connections_go_to_policy() -> None:
    new = CT_NEW | CT_TRACKED
    tcp = {"ether": 0x800, "protocol": 6}
    assert _goes(0, new, WORKLOAD, **tcp, flags=0x002) == Table.VIRTUAL
    assert _goes(0, new, TUNNEL, **tcp, flags=0x002) == Table.ADDRESS
    assert _goes(0, new, TUNNEL, **tcp, flags=0x010) == Table.ADDRESS
    assert _goes(0, new, WORKLOAD, **tcp, flags=0x012) is None
    assert _goes(0, new, WORKLOAD, **tcp, flags=0x008) is None
    assert _goes(0, new, WORKLOAD, ether=0x86DD, protocol=17) == Table.VIRTUAL
    assert _goes(0, new, WORKLOAD, ether=0x86DD, protocol=58) == Table.VIRTUAL


def test_what_conntrack_does_not_know_goes_around_it() -> None:
    def met(protocol: int, origin: int) -> tuple[bool, int | None]:
        flow = find(PROGRAM, Table.TRACK, {ETH_TYPE: 0x800, IP_PROTO: protocol, ORIGIN: origin})
        assert flow is not None
        return any(isinstance(a, Track) for a in flow.actions), flow.goto

    assert met(6, WORKLOAD) == (True, None)
    assert met(132, WORKLOAD) == (False, Table.VIRTUAL)
    assert met(132, TUNNEL) == (False, Table.ADDRESS)
