"""Which requests are tried again."""

import re

from translators.envoy.retries import IDEMPOTENT, retried


def test_only_what_may_be_repeated_is_and_elsewhere_if_possible() -> None:
    policy = retried()
    assert policy.num_retries == 1
    assert set(policy.retry_on.split(",")) == {"connect-failure", "refused-stream", "reset"}
    assert [p.name for p in policy.retry_host_predicate] == [
        "envoy.retry_host_predicates.previous_hosts"
    ]
    (methods,) = policy.retriable_request_headers
    assert methods.name == ":method"
    assert policy.per_try_timeout is None  # a slow endpoint is not a dead one
    for method, safe in {"GET": True, "PUT": True, "POST": False, "PATCH": False}.items():
        assert bool(re.fullmatch(IDEMPOTENT, method)) is safe
