"""Programs as bytes, held against another codec."""

from os_ken.ofproto import ofproto_v1_5 as ofproto
from os_ken.ofproto import ofproto_v1_5_parser as parser

from tests.plans import shop_plan
from translators.openflow.encode import EncodedFlow, encode, encode_group
from translators.openflow.fields import DESTINATION, IPV4_SRC, IPV6_SRC
from translators.openflow.flow import Bucket, Group, Resubmit, SetField
from translators.openflow.frames import synthetic_ports
from translators.openflow.translate import translate

PLAN = shop_plan()
PROGRAM = translate(PLAN, "host1", synthetic_ports(PLAN, "host1"))


def _match_of(flow: EncodedFlow) -> dict[str, object]:
    length = 4 + len(flow.match)
    data = b"\0\1" + length.to_bytes(2, "big") + flow.match + bytes(8)
    return dict(parser.OFPMatch.parser(data, 0).items())


def test_another_codec_reads_the_matches() -> None:
    encoded = encode(PROGRAM).flows
    assert len(encoded) == len(PROGRAM.flows)
    for flow, sent in zip(PROGRAM.flows, encoded, strict=True):
        read = _match_of(sent)
        told = {field.name: value for field, value, mask in flow.match if mask is None}
        assert (sent.table, sent.priority, sent.cookie) == (flow.table, flow.priority, flow.cookie)
        assert read.get("eth_type") == told.get("eth_type")
        assert read.get("in_port") == told.get("in_port")
        assert read.get("metadata") == told.get("metadata")
        assert read.get("tcp_dst") == told.get("tcp_dst")
        assert read.get("ip_proto") == told.get("nw_proto")


def test_another_codec_reads_the_instructions() -> None:
    compared = 0
    for flow, sent in zip(PROGRAM.flows, encode(PROGRAM).flows, strict=True):
        if b"\0\x1c\0\x18" in sent.instructions:
            continue  # the other codec takes copy_field's padding for a third field
        compared += 1
        place, read = 0, []
        while place < len(sent.instructions):
            found = parser.OFPInstruction.parser(sent.instructions, place)
            read.append(found)
            place += found.len
        assert place == len(sent.instructions)
        gotos = [i.table_id for i in read if i.type == ofproto.OFPIT_GOTO_TABLE]
        assert gotos == ([] if flow.goto is None else [flow.goto])
        acts = [a for i in read if i.type == ofproto.OFPIT_APPLY_ACTIONS for a in i.actions]
        assert len(acts) == len(flow.actions)
    assert compared > len(PROGRAM.flows) / 2


def test_another_codec_reads_the_groups() -> None:
    group = Group(6, (Bucket(9, (SetField(DESTINATION, 9), Resubmit(20))), Bucket(11, (), 3)))
    sent = encode_group(group)
    place, buckets = 0, []
    while place < len(sent.buckets):
        length = int.from_bytes(sent.buckets[place : place + 2], "big")
        bucket = parser.OFPBucket.parser(sent.buckets[: place + length], place)
        buckets.append(bucket)
        place += bucket.len
    assert [b.bucket_id for b in buckets] == [9, 11]
    assert [b.properties[0].weight for b in buckets] == [1, 3]
    assert [len(b.actions) for b in buckets] == [2, 0]
    assert (sent.number, sent.kind) == (6, ofproto.OFPGT_SELECT)
    assert sent.properties[:4].hex() == "ffff0028"
    assert sent.properties[16:32] == b"dp_hash".ljust(16, b"\0")


def test_encoding_is_the_same_every_time() -> None:
    assert encode(PROGRAM) == encode(translate(PLAN, "host1", synthetic_ports(PLAN, "host1")))


def test_a_group_that_hashes_fields_names_them_with_every_bit() -> None:
    sent = encode_group(Group(6, (Bucket(9, ()),), (IPV4_SRC,))).properties
    assert sent[:4].hex() == "ffff0030"
    assert sent[16:32] == b"hash".ljust(16, b"\0")
    assert sent[40:].hex() == "80001604ffffffff"
    six = encode_group(Group(6, (Bucket(9, ()),), (IPV6_SRC,))).properties
    assert (six[:4].hex(), len(six)) == ("ffff003c", 64)
    assert six[60:] == bytes(4)
