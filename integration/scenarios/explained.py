"""The claim that explain tells the truth: what it says of each case is held against the packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from integration.bed.build import SERVER_PORT, Bed
from integration.bed.traffic import Report, ask
from integration.scenarios.shop import (
    AUDIT,
    REVIEWS,
    SPY,
    STOCK,
    WEB,
    Row,
    address,
    direct_url,
    service_url,
    taken_in,
    workload,
)

COUNT = 5  # requests of each case
PATIENCE = 0.5  # seconds until a request counts as unanswered
OUTCOMES = frozenset({"answered", "403", "no answer"})


@dataclass(frozen=True, slots=True)
class Case:
    """A request: by a service's name to its virtual address, or by a workload's around it."""

    source: str
    destination: str
    path: str = "/"
    header: str = ""  # as "name: value"
    family: int = 4


CASES = (
    Case(WEB, REVIEWS),
    Case(WEB, REVIEWS, family=6),
    Case(WEB, REVIEWS, "/admin/users"),
    Case(WEB, REVIEWS, header="x-tester: 1"),
    Case(WEB, STOCK),
    Case(WEB, "shop/reviews-1"),
    Case(WEB, AUDIT),
    Case("shop/reviews-2", STOCK),
    Case(SPY, REVIEWS),
    Case(AUDIT, STOCK),
)


def agrees(bed: Bed) -> Row:
    """What explain says of every case is what the devices do: verdict, layer, server, sender."""
    found = [_tried(bed, case) for case in CASES]
    wrong = [difference for _, difference in found if difference]
    outcomes = {outcome for outcome, _ in found}
    return Row(
        "what explain says is what happens: who answers, who denies, and past Envoy or through it",
        f"{len(found) - len(wrong)} of {len(found)} as explained ({', '.join(sorted(outcomes))})"
        + "".join(f"; {difference}" for difference in wrong),
        not wrong and outcomes == OUTCOMES,
    )


def _tried(bed: Bed, case: Case) -> tuple[str, str]:
    """Return what came of a case, and how that differs from what explain says ("" if not)."""
    told = bed.controller.ask(f"/v1/explain?{urlencode(question(bed, case), doseq=True)}")
    host = bed.layout.plan.endpoint[case.source].host
    before = taken_in(bed, host)
    options = {"header": case.header} if case.header else {}
    report = ask(workload(bed, case.source), _url(bed, case), COUNT, timeout=PATIENCE, **options)
    own = address(bed, case.source, case.family)
    different = difference(told, report, taken_in(bed, host) - before, own)
    return outcome(report), different and f"{_title(case)}: {different}"


def question(bed: Bed, case: Case) -> dict[str, object]:
    """Return a case as the API is asked about it.

    A workload is asked for by its address: a service may have the same name.
    """
    served = case.destination in bed.layout.plan.service
    return {
        "source": case.source,
        "destination": case.destination if served else address(bed, case.destination, case.family),
        "protocol": "tcp",
        "port": 80 if served else SERVER_PORT,
        "method": "GET",
        "path": case.path,
        "header": [case.header.replace(": ", ":")] if case.header else [],
        "family": case.family,
    }


def outcome(report: Report) -> str:
    """Return in a word what came of all requests; a mixture is shown as it is."""
    if report.unanswered:
        return "no answer"
    if report.failed:
        return f"{report.failed} of {report.failed + report.answered} without an answer"
    return "answered" if set(report.statuses) == {"200"} else "/".join(report.statuses)


def difference(told: Mapping[str, Any], report: Report, passed: int, own: str) -> str:
    """Return how requests went otherwise than explained, "" if they did not.

    ``passed`` of them went through the sender's Envoy; ``own`` is the sender's address, which every
    server must have seen.
    """
    proxied = told["layer"] == "proxy"
    denied = "403" if proxied else "no answer"
    expected = denied if told["action"] == "deny" else "answered"
    if (happened := outcome(report)) != expected:
        return f"explained as {expected}, but {happened}"
    if passed != (COUNT if proxied else 0):
        return f"explained by the {told['layer']}, but {passed} of {COUNT} went through Envoy"
    servers = {target.partition(":")[0].partition("/")[2] for target in told["targets"]}
    if not set(report.names) <= servers:
        return f"explained as led to {sorted(servers)}, but {sorted(report.names)} answered"
    if not set(report.peers) <= {own}:
        return f"sent by {own}, but seen as {sorted(report.peers)}"
    return ""


def _url(bed: Bed, case: Case) -> str:
    if case.destination in bed.layout.plan.service:
        return service_url(bed, case.destination, case.path, case.family)
    return direct_url(bed, case.destination)


def _title(case: Case) -> str:
    header = f" with {case.header}" if case.header else ""
    return f"{case.source} to {case.destination}{case.path} over IPv{case.family}{header}"
