"""Retries: a request that no endpoint can have answered is tried once more.

A proxy's idle connection may lead to an endpoint that has been restarted. It notices when it sends
a request, and cannot know whether that was read. RFC 9110, section 9.2.2, lets a proxy repeat
such requests where the method is idempotent; others are answered with 503.
"""

from __future__ import annotations

from functools import cache

from envoy_data_plane.envoy.config.route.v3 import (
    HeaderMatcher,
    RetryPolicy,
    RetryPolicyRetryHostPredicate,
)
from envoy_data_plane.envoy.extensions.retry.host.previous_hosts.v3 import PreviousHostsPredicate
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from translators.envoy.encode import pack
from translators.plan.model import Retry

ONCE = Retry(1)
IDEMPOTENT = "GET|HEAD|OPTIONS|TRACE|PUT|DELETE"  # RFC 9110, section 9.2.2
# No connection, a refused stream, or one that ended before its answer began; never an answer.
WHEN = "connect-failure,refused-stream,reset"
BY_STATUS = "retriable-status-codes"
ATTEMPTS = 3  # to choose another endpoint than the one that failed, where there are several


@cache
def retried(retry: Retry = ONCE) -> RetryPolicy:
    """Return the policy for all routes that lead to endpoints, or for one that says otherwise.

    A status is asked for again only where a route says so; whatever may not be repeated is not.
    """
    if not retry.attempts:
        return RetryPolicy(num_retries=0)  # of a route: it stands in place of the one for all
    methods = StringMatcher(safe_regex=RegexMatcher(regex=IDEMPOTENT))
    other = RetryPolicyRetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts",
        typed_config=pack(PreviousHostsPredicate()),
    )
    return RetryPolicy(
        retry_on=f"{WHEN},{BY_STATUS}" if retry.codes else WHEN,
        retriable_status_codes=list(retry.codes),
        num_retries=retry.attempts,
        retry_host_predicate=[other],
        host_selection_retry_max_attempts=ATTEMPTS,
        retriable_request_headers=[HeaderMatcher(name=":method", string_match=methods)],
    )
