"""New connections are committed with their path, their rule and their translation."""

from dataclasses import replace
from ipaddress import ip_address

from tests.plans import rule, shop_plan
from translators.openflow.features import commit
from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    DESTINATION,
    ETH_TYPE,
    IP_PROTO,
    JUDGED,
    LASTING,
    MARK_CLIENT,
    MARK_DIRECT,
    MARK_PROXY,
    ORIGIN,
    PORT,
    RULE,
    SERVICE,
    Field,
)
from translators.openflow.flow import Flow, Move, Nat, SetField, Track, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
PROGRAM = program(commit.flows(Site(PLAN, PLAN.host["host1"], synthetic_ports(PLAN, "host1"))), ())


def _met(frame: dict[Field, int]) -> Flow:
    flow = find(PROGRAM, Table.COMMIT, frame)
    assert flow is not None
    return flow


def _track(flow: Flow) -> Track:
    return next(a for a in flow.actions if isinstance(a, Track))


def test_a_direct_connection_is_marked_and_labelled() -> None:
    flow = _met({ETH_TYPE: 0x800, IP_PROTO: 6, DESTINATION: 4})
    assert flow.goto == Table.COPY
    assert _track(flow).commit
    assert _track(flow).execute == (
        SetField(CT_MARK, MARK_DIRECT),
        Move(RULE, CT_LABEL, 32),
        Move(SERVICE, CT_LABEL, 32, 0, 32),
        Move(PORT, CT_LABEL, 32, 0, 64),
        Move(LASTING, CT_LABEL, 32, 0, 96),
    )


def test_the_proxys_connection_has_its_own_mark() -> None:
    flow = _met({ETH_TYPE: 0x86DD, IP_PROTO: 6, ORIGIN: 1, DESTINATION: 4})
    assert SetField(CT_MARK, MARK_PROXY) in _track(flow).execute


def test_a_captured_connection_has_no_destination_yet() -> None:
    flow = _met({ETH_TYPE: 0x800, IP_PROTO: 6, SERVICE: 1})
    assert flow.goto == Table.STEER
    assert SetField(CT_MARK, MARK_CLIENT) in _track(flow).execute


def test_what_is_judged_again_is_only_told_that_it_stands() -> None:
    flow = _met({ETH_TYPE: 0x800, IP_PROTO: 6, SERVICE: 2, DESTINATION: 4, JUDGED: 1})
    assert (flow.actions, flow.goto) == ((SetField(JUDGED, 2),), None)


def test_a_rule_that_drains_says_so_in_what_it_admits() -> None:
    lasting = rule("shop/stock[0]", 9, drain=True)
    assert commit.admitting(lasting) == (SetField(RULE, 9), SetField(LASTING, 1))
    assert commit.admitting(replace(lasting, drain=None)) == (SetField(RULE, 9),)
    assert commit.arriving(lasting) == (SetField(RULE, 9), SetField(LASTING, 3))
    cut = replace(lasting, drain=None)
    assert commit.arriving(cut) == (SetField(RULE, 9), SetField(LASTING, 2))


def test_a_service_connection_is_translated_to_its_endpoint() -> None:
    flow = _met({ETH_TYPE: 0x86DD, IP_PROTO: 6, SERVICE: 2, DESTINATION: 4})
    assert _track(flow).nat == Nat(ip_address("fd10:10::31"), 8080)
    assert _track(flow).table == Table.COPY


def test_what_has_no_state_just_goes_on() -> None:
    flow = _met({ETH_TYPE: 0x800, IP_PROTO: 132})
    assert (flow.actions, flow.goto) == ((), Table.COPY)
