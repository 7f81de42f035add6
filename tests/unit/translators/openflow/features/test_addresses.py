"""Addresses mean identities only inside their own tenant and segment."""

from ipaddress import ip_address

import pytest

from tests.plans import shop_plan
from translators.openflow.cookie import Cause, cause_of
from translators.openflow.features import addresses
from translators.openflow.fields import DESTINATION, ETH_TYPE, IPV4_DST, SEGMENT, TENANT
from translators.openflow.flow import Flow, SetField, program
from translators.openflow.frames import synthetic_ports
from translators.openflow.simulate import find
from translators.openflow.site import Site
from translators.openflow.tables import Table

PLAN = shop_plan()
PROGRAM = program(
    addresses.flows(Site(PLAN, PLAN.host["host1"], synthetic_ports(PLAN, "host1"))), ()
)


def _met(table: Table, tenant: int, segment: int, text: str) -> Flow:
    frame = {TENANT: tenant, SEGMENT: segment, ETH_TYPE: 0x800, IPV4_DST: int(ip_address(text))}
    flow = find(PROGRAM, table, frame)
    assert flow is not None
    return flow


def test_a_neighbour_is_known() -> None:
    new = _met(Table.ADDRESS, 1, 1, "10.10.0.31")
    assert (new.actions, new.goto) == ((SetField(DESTINATION, 4),), Table.POLICY)
    assert _met(Table.LOOKUP, 1, 1, "10.10.0.31").goto == Table.COPY


@pytest.mark.parametrize(
    ("tenant", "segment", "text", "cause"),
    [
        (2, 3, "10.10.0.11", Cause.ISOLATION),
        (1, 1, "10.20.0.11", Cause.ISOLATION),
        (2, 1, "10.10.0.31", Cause.UNKNOWN),  # a segment with another tenant's packets
        (1, 1, "10.10.0.99", Cause.UNKNOWN),
        (1, 1, "192.0.2.1", Cause.UNKNOWN),
    ],
)
def test_everybody_else_is_out_of_reach(tenant: int, segment: int, text: str, cause: Cause) -> None:
    flow = _met(Table.ADDRESS, tenant, segment, text)
    assert flow.drops
    assert cause_of(flow.cookie) is cause


def test_established_traffic_stays_in_its_segment_too() -> None:
    assert _met(Table.LOOKUP, 1, 1, "10.30.0.11").drops
