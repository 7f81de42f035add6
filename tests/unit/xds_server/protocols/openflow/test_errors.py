"""OpenFlow's errors carry OpenFlow's names."""

import importlib

import pytest

from xds_server.protocols.openflow.errors import _TYPES, DeviceError, TooLargeError

# Names that the other codec keeps elsewhere, or spells in the words of an older specification.
_MINE = {"EXPERIMENTER"}


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        (4, 9, "BAD_MATCH BAD_PREREQ (4/9)"),
        (6, 8, "GROUP_MOD_FAILED UNKNOWN_GROUP (6/8)"),
        (17, 13, "BUNDLE_FAILED MSG_FAILED (17/13)"),
        (5, 200, "FLOW_MOD_FAILED code 200 (5/200)"),
        (77, 1, "type 77 code 1 (77/1)"),
        (0xFFFF, 3, "EXPERIMENTER code 3 (65535/3)"),
    ],
)
def test_errors_are_named(kind: int, code: int, text: str) -> None:
    assert str(DeviceError(5, kind, code)) == text


def test_the_types_have_the_numbers_of_another_codec() -> None:
    other = importlib.import_module("os_ken.ofproto.ofproto_v1_5")
    for number, (name, _codes) in _TYPES.items():
        if name not in _MINE:
            assert getattr(other, f"OFPET_{name}") == number


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [(1, "OFPBRC"), (2, "OFPBAC"), (3, "OFPBIC"), (4, "OFPBMC"), (5, "OFPFMFC"), (6, "OFPGMFC")],
)
def test_the_codes_have_the_numbers_of_another_codec(kind: int, prefix: str) -> None:
    other = importlib.import_module("os_ken.ofproto.ofproto_v1_5")
    compared = 0
    for number, name in enumerate(_TYPES[kind][1]):
        if hasattr(other, f"{prefix}_{name}"):
            assert getattr(other, f"{prefix}_{name}") == number, name
            compared += 1
    assert compared >= 8


def test_an_object_that_is_too_large_is_named_with_the_limit() -> None:
    error = TooLargeError("flow 7", 70000)
    assert error.subject == "flow 7"
    assert "70000 bytes" in str(error)
    assert "65535" in str(error)
