"""Claims about single requests and their shares: who answers, whom it sees, who is asked."""

from __future__ import annotations

from math import sqrt

from integration.bed.build import Bed
from integration.bed.traffic import Report, ask
from integration.scenarios.shop import (
    FIRST,
    REVIEWS,
    SECOND,
    STOCK,
    WEB,
    Row,
    address,
    service_url,
    taken_in,
    workload,
)

SAMPLE = 1000  # requests that a split is judged by
SIGMAS = 4  # a fair split fails this test once in 16,000 runs


def proxied(bed: Bed) -> Row:
    """An allowed request goes through Envoy, and the server sees the client."""
    before = taken_in(bed, "host1")
    report = ask(workload(bed, WEB), service_url(bed, REVIEWS), 20)
    passed = taken_in(bed, "host1") - before
    own = address(bed, WEB)
    return Row(
        "web reads reviews through Envoy; the server sees web's own address",
        f"20 asked, {_statuses(report)}, {passed} through Envoy, seen as {', '.join(report.peers)}",
        report.statuses == {"200": 20} and passed == 20 and set(report.peers) == {own},
    )


def proxied_by_six(bed: Bed) -> Row:
    """The same over IPv6."""
    report = ask(workload(bed, WEB), service_url(bed, REVIEWS, family=6), 20)
    own = address(bed, WEB, 6)
    return Row(
        "the same service over IPv6",
        f"20 asked, {_statuses(report)}, seen as {', '.join(report.peers)}",
        report.statuses == {"200": 20} and set(report.peers) == {own},
    )


def split(bed: Bed, second: float) -> Row:
    """The share of the second version is as the policy says, within chance."""
    report = ask(workload(bed, WEB), service_url(bed, REVIEWS), SAMPLE, connections=4)
    share = report.share(SECOND)
    chance = SIGMAS * sqrt(second * (1 - second) / SAMPLE)
    parts = f"{report.names.get(FIRST, 0)} to v1, {report.names.get(SECOND, 0)} to v2"
    return Row(
        f"{SAMPLE} requests are split {1 - second:.0%} to {second:.0%}",
        f"{parts}, {report.failed} failed",
        abs(share - second) <= chance and report.statuses == {"200": SAMPLE},
    )


def by_header(bed: Bed) -> Row:
    """A header chooses the version."""
    report = ask(workload(bed, WEB), service_url(bed, REVIEWS), 50, header="x-tester: 1")
    return Row(
        "with the header x-tester every request reaches v2",
        f"{report.names.get(SECOND, 0)} of 50",
        dict(report.names) == {SECOND: 50},
    )


def denied(bed: Bed) -> Row:
    """An L7 rule answers 403."""
    report = ask(workload(bed, WEB), service_url(bed, REVIEWS, "/admin/users"), 5)
    return Row("/admin is denied by the proxy", _statuses(report), report.statuses == {"403": 5})


def bypassed(bed: Bed) -> Row:
    """A pair with only L4 policy never meets Envoy, and is the faster for it."""
    web = workload(bed, WEB)
    proxied_report = ask(web, service_url(bed, REVIEWS), 500)
    before = taken_in(bed, "host1")
    report = ask(web, service_url(bed, STOCK), 500)
    passed = taken_in(bed, "host1") - before
    return Row(
        "web reads stock past Envoy: its rules stop at L4",
        f"{passed} of 500 through Envoy; p50 {report.p50_ms:.2f} ms,"
        f" proxied {proxied_report.p50_ms:.2f} ms",
        passed == 0 and report.statuses == {"200": 500} and set(report.names) == {"stock"},
    )


def _statuses(report: Report) -> str:
    found = [f"{count} x {status}" for status, count in report.statuses.items()]
    if report.failed:
        found.append(f"{report.failed} without an answer: {'; '.join(report.failures)}")
    return ", ".join(found)
