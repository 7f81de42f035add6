"""Matches that mean the same are spelt the same, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from tests.devices.ovs_bridge import oxm
from xds_server.protocols.openflow.spelling import canonical
from xds_server.snapshots.model import FlowKey

IPV4, UDP = oxm(5, b"\x08\x00"), oxm(10, b"\x11")


def _key(match: bytes) -> FlowKey:
    return FlowKey(20, 100, match)


def _masked(field: int, value: bytes, mask: bytes) -> bytes:
    return b"\x80\x00" + bytes([field << 1 | 1, len(value) * 2]) + value + mask


def test_the_order_of_fields_says_nothing() -> None:
    assert canonical(_key(IPV4 + UDP)) == canonical(_key(UDP + IPV4))


def test_a_full_mask_is_no_mask_and_an_empty_one_no_field() -> None:
    full = _masked(11, b"\x0a\0\0\1", b"\xff" * 4)
    assert canonical(_key(full)) == canonical(_key(oxm(11, b"\x0a\0\0\1")))
    empty = _masked(11, b"\x0a\0\0\1", bytes(4))
    assert canonical(_key(IPV4 + empty)) == canonical(_key(IPV4))


def test_bits_outside_the_mask_do_not_count() -> None:
    one = _masked(11, b"\x0a\x01\x02\x03", b"\xff\0\0\0")
    other = _masked(11, b"\x0a\0\0\0", b"\xff\0\0\0")
    wider = _masked(11, b"\x0a\0\0\0", b"\xff\xff\0\0")
    assert canonical(_key(one)) == canonical(_key(other)) != canonical(_key(wider))


def test_experimenter_fields_keep_their_experimenter() -> None:
    def field(who: bytes, mask: bytes) -> bytes:
        return b"\xff\xff" + bytes([3, 4 + 2 * len(mask)]) + who + b"\x05" * len(mask) + mask

    assert canonical(_key(field(b"\0\0\x23\x20", b"\xff"))) != canonical(
        _key(field(b"ONF\0", b"\xff"))
    )


def test_table_and_priority_belong_to_a_flow() -> None:
    assert canonical(FlowKey(1, 2, IPV4)) != canonical(FlowKey(2, 2, IPV4))
    assert canonical(FlowKey(1, 2, IPV4)) != canonical(FlowKey(1, 3, IPV4))


@given(one=st.binary(max_size=24), other=st.binary(max_size=24))
def test_bytes_that_are_no_fields_stand_for_themselves(one: bytes, other: bytes) -> None:
    broken = canonical(_key(b"\xff" + one)), canonical(_key(b"\xff" + other))
    assert (broken[0] == broken[1]) >= (one == other)
    assert canonical(_key(b"\1\2\3")) != canonical(_key(b"\1\2\4"))
