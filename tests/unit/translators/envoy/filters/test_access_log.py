"""The proxy's own account."""

from translators.envoy.filters.access_log import FORMAT, Logged, access_log


def test_by_choice_nothing_denials_or_everything_is_logged() -> None:
    assert access_log(Logged.NOTHING) == []
    (everything,) = access_log(Logged.EVERYTHING)
    assert everything.filter is None
    (denied,) = access_log(Logged.DENIED)
    assert denied.filter is not None
    assert denied.filter.status_code_filter is not None
    comparison = denied.filter.status_code_filter.comparison
    assert comparison is not None
    assert comparison.value is not None
    assert comparison.value.default_value == 403


def test_a_line_names_the_rule_and_holds_no_query() -> None:
    assert FORMAT["rule"] == "%METADATA(ROUTE:fsdn:rule)%"
    assert FORMAT["path"] == "%PATH(NQ)%"
    assert not any("QUERY" in value or "COOKIE" in value.upper() for value in FORMAT.values())
