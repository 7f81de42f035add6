"""Provenance as metadata."""

from translators.envoy.encode import encode
from translators.envoy.provenance import provenance, text_struct


def test_rule_and_origin_are_named() -> None:
    fields = provenance("shop/p[0]", "p.yaml:3").filter_metadata["fsdn"].fields
    assert fields["rule"].string_value == "shop/p[0]"
    assert fields["origin"].string_value == "p.yaml:3"


def test_the_order_of_keys_changes_nothing() -> None:
    forward, backward = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert encode(text_struct(forward)) == encode(text_struct(backward))
