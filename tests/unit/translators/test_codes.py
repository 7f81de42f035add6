import re

from translators.codes import CODES, Severity


def test_every_code_has_its_place_title_cause_and_mend() -> None:
    assert list(CODES) == sorted(CODES)
    for code in CODES.values():
        assert re.fullmatch(r"FS\d{4}", code.code)
        assert code.title
        assert code.cause.endswith(".")
        assert code.mend
        assert not code.mend.endswith(".")


def test_codes_are_errors_or_warnings() -> None:
    assert CODES["FS8005"].severity is Severity.ERROR
    assert CODES["FS8003"].severity is Severity.WARNING
