import re

import pytest

from translators.diagnostics import CODES, Severity, has_errors, report


def test_every_code_is_complete_and_of_a_known_family() -> None:
    for name, code in CODES.items():
        assert re.fullmatch(r"FS[1246789]\d{3}", name), name
        assert name == code.code
        assert all(
            text and not text.startswith(" ") for text in (code.title, code.cause, code.mend)
        )


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)


def test_a_finding_reads_as_place_code_message_mend() -> None:
    found = report("FS1003", "a.yaml", 7, "'x' is not a field", "remove it", "spec.x")
    assert str(found) == "a.yaml:7: FS1003 'x' is not a field, remove it"
    assert found.path == "spec.x"


def test_a_warning_says_so_and_stops_nothing() -> None:
    found = report("FS4001", "a.yaml", 1, "never takes effect")
    assert str(found) == f"a.yaml:1: FS4001 warning: never takes effect, {CODES['FS4001'].mend}"
    assert found.severity is Severity.WARNING
    assert not has_errors((found,))
    assert has_errors((found, report("FS1001", "a.yaml", 2, "bad")))


def test_an_unregistered_code_is_our_own_bug() -> None:
    with pytest.raises(KeyError):
        report("FS0000", "a.yaml", 1, "what")
