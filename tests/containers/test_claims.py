"""What is claimed of the product, tried on containers as it is on namespaces."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from integration.bed.build import Bed
from integration.bed.traffic import ask
from integration.engine.stand import Stand
from integration.rootless import Here
from integration.scenarios import fabric, isolation, requests, survival
from integration.scenarios.shop import EXAMPLES, SECOND, Row

pytestmark = [pytest.mark.containers]
CLAIMS: dict[str, Callable[[Bed], Row]] = {
    "an allowed request goes through Envoy": requests.proxied,
    "IPv6": requests.proxied_by_six,
    "split by weight": lambda bed: requests.split(bed, 0.1),
    "by header": requests.by_header,
    "denied by an L7 rule": requests.denied,
    "past the proxy": requests.bypassed,
    "no way around the proxy": isolation.closed_around,
    "denied by an L4 rule at the source": isolation.stopped_at_source,
    "tenants and segments apart": isolation.unreachable,
    "bare ports": fabric.bare_ports,
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_hold(stand: Stand, claim: Callable[[Bed], Row]) -> None:
    row = claim(stand.bed)
    assert row.holds, f"{row.claim}: {row.shown}"


def test_a_change_of_weights_under_load_fails_no_request(stand: Stand) -> None:
    bed = stand.bed
    try:
        for row in (survival.moved(bed), requests.split(bed, 0.5)):
            assert row.holds, f"{row.claim}: {row.shown}"
    finally:
        survival.apply(bed, (EXAMPLES / "policies.yaml").read_text())


def test_requests_come_in_by_the_gateway_as_policy_says(stand: Stand) -> None:
    here = Here("here")
    report = ask(here, f"{stand.url}/", 100)
    assert report.statuses == {"200": 100}
    assert set(report.names) <= {"reviews-1", SECOND}
    assert ask(here, f"{stand.url}/admin/users", 3).statuses == {"403": 3}
    stock = ask(here, f"{stand.url}/", 5, header="host: stock.shop.example")
    assert stock.names == {"stock": 5}


def test_what_explain_says_is_what_happens(stand: Stand) -> None:
    controller = stand.bed.controller

    def told(path: str) -> str:
        asked = ("shop/gateway", "shop/reviews", "--tcp", "80", "--http", f"GET {path}")
        said = controller.fsdn("explain", *asked, "-o", "json", may_fail=True)
        return str(json.loads(said)["action"])

    assert (told("/"), told("/admin/users")) == ("allow", "deny")
