"""Fields are named once, in one order, each with its prerequisites."""

from ipaddress import ip_address

from translators.openflow import fields
from translators.openflow.fields import Field, Form

ALL = {name: value for name, value in vars(fields).items() if isinstance(value, Field)}
ONE_EACH = list({id(field): field for field in ALL.values()}.values())


def test_no_two_fields_share_a_name_a_place_or_a_code() -> None:
    assert len({f.name for f in ONE_EACH}) == len(ONE_EACH)
    assert len({f.order for f in ONE_EACH}) == len(ONE_EACH)
    assert len({(f.oxm_class, f.oxm_field) for f in ONE_EACH}) == len(ONE_EACH)


def test_transport_fields_need_their_protocol() -> None:
    assert fields.TCP_DST.protocols == (6,)
    assert fields.UDP_DST.protocols == (17,)
    assert fields.ND_TARGET.eth_types == (0x86DD,)


def test_values_read_as_ovs_ofctl_writes_them() -> None:
    assert fields.ETH_SRC.text(0x02FD00000001) == "02:fd:00:00:00:01"
    assert fields.IPV4_SRC.text(0x0A000001) == "10.0.0.1"
    assert fields.IPV6_DST.text(1) == "::1"
    assert fields.TCP_DST.text(80) == "80"
    assert fields.SEGMENT.text(80) == "0x50"
    assert fields.IPV4_SRC.form is Form.IPV4


def test_fields_are_chosen_by_the_address() -> None:
    four, six = ip_address("10.0.0.1"), ip_address("fd10::1")
    assert (fields.source_field(four), fields.destination_field(six)) == (
        fields.IPV4_SRC,
        fields.IPV6_DST,
    )
    assert (fields.eth_type(four), fields.eth_type(six)) == (0x0800, 0x86DD)
    assert fields.mac_value("02:00:00:00:01:ff") == 0x0200000001FF


def test_sizes_are_in_whole_bytes() -> None:
    assert fields.IP_PROTO.size == 1
    assert fields.CT_LABEL.size == 16
