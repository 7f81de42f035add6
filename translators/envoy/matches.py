"""A policy's HTTP match as Envoy's route match; the meaning is translators.plan.http's."""

from __future__ import annotations

import re

from envoy_data_plane.envoy.config.route.v3 import (
    HeaderMatcher,
    QueryParameterMatcher,
    RouteMatch,
)
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from translators.plan.model import Compare, HttpMatch, StringMatch


def can_match(match: HttpMatch) -> bool:
    """Whether any request can match: a normalised path holds neither ``?`` nor ``#``."""
    return match.path is None or not set(match.path.value) & {"?", "#"}


def route_match(match: HttpMatch | None) -> RouteMatch:
    """Return the route match of a clause; None matches every request."""
    if match is None:
        return RouteMatch(prefix="/")
    headers = [
        *_hosts(match.hosts),
        *_methods(match.methods),
        *(_header(name, test) for name, test in match.headers),
    ]
    query = [_parameter(name, test) for name, test in match.query]
    return _path(match.path, headers, query)


def _path(
    test: StringMatch | None, headers: list[HeaderMatcher], query: list[QueryParameterMatcher]
) -> RouteMatch:
    if test is not None and test.compare is Compare.EXACT:
        return RouteMatch(path=test.value, headers=headers, query_parameters=query)
    if test is not None and test.compare is Compare.PREFIX and test.value.strip("/"):
        prefix = test.value.rstrip("/")  # Envoy refuses a separated prefix that ends in a slash
        return RouteMatch(path_separated_prefix=prefix, headers=headers, query_parameters=query)
    return RouteMatch(prefix="/", headers=headers, query_parameters=query)


def _hosts(hosts: tuple[str, ...]) -> list[HeaderMatcher]:
    """Match :authority, from which the connection manager has removed port and final dot."""
    if not hosts:
        return []
    if len(hosts) == 1:
        matcher = StringMatcher(exact=hosts[0], ignore_case=True)
    else:
        matcher = _any_of(hosts, "(?i:{})")
    return [HeaderMatcher(name=":authority", string_match=matcher)]


def _methods(methods: tuple[str, ...]) -> list[HeaderMatcher]:
    if not methods:
        return []
    matcher = StringMatcher(exact=methods[0]) if len(methods) == 1 else _any_of(methods, "(?:{})")
    return [HeaderMatcher(name=":method", string_match=matcher)]


def _any_of(values: tuple[str, ...], form: str) -> StringMatcher:
    """Return a full match of any of the values (RE2; header matchers have no other *or*)."""
    pattern = form.format("|".join(re.escape(value) for value in values))
    return StringMatcher(safe_regex=RegexMatcher(regex=pattern))


def _header(name: str, test: StringMatch) -> HeaderMatcher:
    if _is_present(test):
        return HeaderMatcher(name=name, present_match=True)
    return HeaderMatcher(name=name, string_match=_string(test))


def _parameter(name: str, test: StringMatch) -> QueryParameterMatcher:
    if _is_present(test):
        return QueryParameterMatcher(name=name, present_match=True)
    return QueryParameterMatcher(name=name, string_match=_string(test))


def _is_present(test: StringMatch) -> bool:
    """Whether presence is all that is asked; Envoy refuses an empty prefix, which means it."""
    return test.compare is Compare.PRESENT or (test.compare is Compare.PREFIX and not test.value)


def _string(test: StringMatch) -> StringMatcher:
    if test.compare is Compare.EXACT:
        return StringMatcher(exact=test.value)
    return StringMatcher(prefix=test.value)
