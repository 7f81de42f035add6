"""Actions as bytes, each a multiple of eight long and with its length in its head."""

from ipaddress import ip_address

import pytest

from translators.openflow.fields import (
    CT_LABEL,
    CT_MARK,
    ETH_SRC,
    IPV6_SRC,
    ND_TARGET,
    PORT,
    RULE,
    TCP_DST,
)
from translators.openflow.flow import (
    Act,
    Conjunction,
    DecTtl,
    Metered,
    Move,
    Nat,
    Output,
    Queued,
    Reflect,
    Resubmit,
    SetField,
    ToGroup,
    Track,
)
from translators.openflow.wire import encode_action, encode_instructions

ACTIONS: tuple[Act, ...] = (
    SetField(ETH_SRC, 0x02FD00000001),
    Move(TCP_DST, PORT, 16),
    Move(ND_TARGET, IPV6_SRC, 128),
    Output(3),
    Reflect(),
    DecTtl(),
    Resubmit(20),
    ToGroup(9),
    Metered(7),
    Queued(5),
    Conjunction(8, 0, 2),
    Track(table=11, nat=Nat()),
    Track(True, 44, Nat(ip_address("10.0.0.1"), 80), (SetField(CT_MARK, 4),)),
    Track(True, 44, Nat(ip_address("198.51.100.2"), source=True)),
    Track(True, 44, Nat(ip_address("2001:db8::2"), source=True)),
    Track(True, None, Nat(ip_address("fd10::1"), 80), (Move(RULE, CT_LABEL, 32),)),
)


@pytest.mark.parametrize("action", ACTIONS, ids=repr)
def test_the_head_tells_the_length(action: Act) -> None:
    body = encode_action(action)
    assert len(body) % 8 == 0
    assert int.from_bytes(body[2:4], "big") == len(body)


def test_known_bytes() -> None:
    assert encode_action(ToGroup(9)).hex() == "0016000800000009"
    assert encode_action(DecTtl()).hex() == "0018000800000000"
    assert encode_action(Output(3)).hex() == "00000010" + "00000003" + "0000" + "00" * 6
    assert encode_action(Resubmit(20)).hex() == "ffff0010" + "00002320" + "000efff8" + "14000000"
    assert encode_action(Conjunction(8, 1, 2)).hex() == (
        "ffff0010" + "00002320" + "0022" + "0102" + "00000008"
    )


def test_nat_stands_first_inside_ct() -> None:
    acts = (SetField(CT_MARK, 4),)
    body = encode_action(Track(True, 44, Nat(ip_address("10.0.0.1"), 80), acts))
    assert body[24:34].hex() == "ffff0018" + "00002320" + "0024"
    assert body[48:52].hex() == "00190010"


def test_instructions_only_where_there_is_something_to_say() -> None:
    assert encode_instructions((), None) == b""
    assert encode_instructions((), 5).hex() == "0001000805000000"
    both = encode_instructions((ToGroup(1),), 5)
    assert both[:8].hex() == "0004001000000000"
    assert both[16:].hex() == "0001000805000000"


def test_a_queue_is_told_as_openflow_does() -> None:
    assert encode_action(Queued(5)).hex() == "0015000800000005"  # OFPAT_SET_QUEUE
    assert encode_action(Metered(7)).hex() == "001d000800000007"  # OFPAT_METER
    assert encode_action(ToGroup(9)).hex() == "0016000800000009"  # OFPAT_GROUP
