"""Warnings are told once, and so is their end."""

from xds_server.snapshots.evidence import Evidence, Warned
from xds_server.southbound.openflow_warnings import EVERY, Warnings, bridge

HOST = bridge("host1")


def test_what_was_told_is_not_told_again() -> None:
    seen: list[Evidence] = []
    warnings = Warnings(seen.append, lambda: 7.0)
    warnings.tell(HOST, "a", "")
    for text in ("bad", "bad", "worse", "", ""):
        warnings.tell(HOST, "a", text)
    assert seen == [Warned(HOST, 7.0, text, "a") for text in ("bad", "worse", "")]


def test_a_device_that_is_forgotten_is_warned_of_anew() -> None:
    seen: list[Evidence] = []
    warnings = Warnings(seen.append, lambda: 7.0)
    warnings.tell(HOST, "a", "bad")
    warnings.tell(EVERY, "a", "bad")
    warnings.keep({"host2"})
    warnings.tell(HOST, "a", "bad")
    warnings.tell(EVERY, "a", "bad")
    assert [evidence.device for evidence in seen] == [HOST, EVERY, HOST]
