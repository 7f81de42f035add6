import pytest

from xds_server.status.reasons import RefusalClass, refusal_class


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        ("Proto constraint validation failed (ClusterValidationError.Name: ...)", "invalid"),
        ('name: "duplicate" : Proto constraint validation failed (...)', "invalid"),
        ("BAD_MATCH BAD_VALUE (4/7)", "invalid"),
        ("Didn't find a registered implementation for 'router' with type URL: ''", "unsupported"),
        ("BAD_ACTION BAD_TYPE (2/0)", "unsupported"),
        ("route: unknown cluster 'shop'", "reference"),
        ("BAD_ACTION BAD_OUT_GROUP (2/9)", "reference"),
        ("Only unique names for routes are allowed", "duplicate"),
        ("Duplicate cluster red found", "duplicate"),
        ("FLOW_MOD_FAILED TABLE_FULL (5/1), and 1 more", "capacity"),
        ("Error adding listener: cannot bind '0.0.0.0:80': Address already in use", "address"),
        ("not sent: the segment has too many hosts", "unsent"),
        ("", "other"),
        ("after the change 3 lines are not as wanted; rolled back", "other"),
    ],
)
def test_reasons_have_a_class(reason: str, found: str) -> None:
    assert refusal_class(reason) == found


def test_hostile_words_make_no_new_class() -> None:
    assert refusal_class("x" * 100_000) is RefusalClass.OTHER
