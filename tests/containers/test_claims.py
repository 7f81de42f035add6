"""What is claimed of the product, tried on containers as it is on namespaces."""

from __future__ import annotations

import json

import pytest

from integration.bed.traffic import ask
from integration.engine.stand import Stand
from integration.rootless import Here
from integration.scenarios import survival
from integration.scenarios.catalogue import LASTING, MOVING, Claim
from integration.scenarios.shop import EXAMPLES, SECOND

pytestmark = [pytest.mark.containers]


@pytest.mark.parametrize("claim", LASTING.values(), ids=LASTING.keys())
def test_claims_hold(stand: Stand, claim: Claim) -> None:
    row = claim(stand.bed)
    assert row.holds, f"{row.claim}: {row.shown}"


def test_a_change_of_weights_under_load_fails_no_request(stand: Stand) -> None:
    bed = stand.bed
    try:
        for claim in MOVING.values():
            row = claim(bed)
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


def test_explain_says_the_same_of_what_comes_in(stand: Stand) -> None:
    controller = stand.bed.controller

    def told(path: str) -> str:
        asked = ("shop/gateway", "shop/reviews", "--tcp", "80", "--http", f"GET {path}")
        said = controller.fsdn("explain", *asked, "-o", "json", may_fail=True)
        return str(json.loads(said)["action"])

    assert (told("/"), told("/admin/users")) == ("allow", "deny")
