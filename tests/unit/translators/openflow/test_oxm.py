"""Matches as the bytes of OXM TLVs."""

from translators.openflow.fields import (
    CT_LABEL,
    DESTINATION,
    ETH_TYPE,
    IN_PORT,
    IPV4_DST,
    METADATA,
    ND_RESERVED,
    PORT,
    SEGMENT,
    SERVICE,
    SOURCE,
)
from translators.openflow.flow import match
from translators.openflow.oxm import encode_match, header, tlv


def test_headers_hold_class_field_mask_and_length() -> None:
    assert header(IN_PORT).hex() == "80000004"
    assert header(IPV4_DST, masked=True).hex() == "80001908"
    assert header(SEGMENT).hex() == "00010004"
    assert header(CT_LABEL).hex() == "0001d810"
    assert header(ND_RESERVED).hex() == "10000204"


def test_a_tlv_carries_its_mask_behind_its_value() -> None:
    assert tlv(IPV4_DST, 0x0A000000, 0xFF000000).hex() == "80001908" + "0a000000" + "ff000000"


def test_registers_travel_in_pairs_the_even_one_on_top() -> None:
    assert encode_match(match((SEGMENT, 1), (SOURCE, 2))).hex() == (
        "80010008" + "0000000100000002"  # both whole: no mask
    )
    assert encode_match(match((SEGMENT, 1))).hex() == (
        "80010110" + "0000000100000000" + "ffffffff00000000"
    )
    assert encode_match(match((PORT, 0x50, 0xFFFFFFF0))).hex() == (
        "80010510" + "0000005000000000" + "fffffff000000000"
    )


def test_fields_stand_in_the_order_in_which_they_come_back() -> None:
    text = encode_match(match((METADATA, 7), (SERVICE, 3), (DESTINATION, 2), (ETH_TYPE, 0x800)))
    assert text.hex() == (
        "80000a02" + "0800" + "80010208" + "0000000200000003" + "80000408" + "0000000000000007"
    )


def test_no_test_is_no_byte() -> None:
    assert encode_match(()) == b""
