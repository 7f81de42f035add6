import pytest
from pydantic import ValidationError

from xds_server.api.models import ApplyBody, ReportBody


def test_a_body_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        ApplyBody.model_validate({"files": [], "prnue": True})


@pytest.mark.parametrize("author", ["a\nb", "a\x1b[31m", "x" * 201])
def test_an_author_is_one_short_printable_line(author: str) -> None:
    with pytest.raises(ValidationError):
        ApplyBody.model_validate({"files": [], "author": author})


def test_a_newer_agent_may_say_more() -> None:
    body = ReportBody.model_validate({"state": "applied", "version": "v", "news": 1, "line": 7})
    assert body.line == 7
