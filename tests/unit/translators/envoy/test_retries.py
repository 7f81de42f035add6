"""Which requests are tried again."""

import re

from translators.envoy.encode import encode
from translators.envoy.retries import IDEMPOTENT, retried
from translators.plan.model import Retry


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


def test_a_route_without_retries_says_so_on_the_wire() -> None:
    policy = retried(Retry(0))
    assert (policy.retry_on, policy.num_retries) == ("", 0)
    assert encode(policy) == b"\x12\x00"  # num_retries, a message of its own that holds 0


def test_statuses_are_asked_for_again_where_a_route_names_them() -> None:
    policy = retried(Retry(3, (502, 503)))
    assert policy.num_retries == 3
    assert policy.retry_on == f"{retried().retry_on},retriable-status-codes"
    assert policy.retriable_status_codes == [502, 503]
    assert policy.retriable_request_headers == retried().retriable_request_headers
    assert "status" not in retried(Retry(3)).retry_on
