"""What a bridge dumps reads as what was written."""

from hypothesis import given
from hypothesis import strategies as st

from translators.openflow import fields as f
from translators.openflow.flow import Match
from translators.openflow.oxm import encode_match
from translators.openflow.reading import match_text
from translators.openflow.render import render_match

_FIELDS = sorted({v for v in vars(f).values() if isinstance(v, f.Field)})


@st.composite
def _matches(draw: st.DrawFn) -> Match:
    """Return tests of any fields, in order, each with a mask that keeps some bits or none."""
    tests = []
    for field in sorted(draw(st.sets(st.sampled_from(_FIELDS), max_size=5))):
        full = (1 << field.width) - 1
        mask = draw(st.one_of(st.none(), st.integers(1, full - 1) if full > 1 else st.none()))
        value = draw(st.integers(0, full)) & (full if mask is None else mask)
        tests.append((field, value, mask))
    return tuple(tests)


@given(_matches())
def test_every_field_that_we_write_is_read_back(tests: Match) -> None:
    written = sorted(render_match(tests).split(",")) if tests else [""]
    assert sorted(match_text(encode_match(tests)).split(",")) == written


def test_what_we_never_write_is_shown_by_its_numbers() -> None:
    assert match_text(b"\x80\x00\x0c\x02\x10\x07") == "field 0x8000/6=1007"  # a VLAN
    odd = b"\xff\xff\x00\x06\x00\x00\x23\x20\x01\x02"
    assert match_text(odd) == "field 0xffff/0 of 00002320=000023200102"


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd(match: bytes) -> None:
    assert isinstance(match_text(match), str)
