"""Load on the bed while something happens to it, and what was lost, for the table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from integration.bed.build import until
from integration.bed.netns import BedError
from integration.bed.traffic import Report, ask, load
from integration.engine.stand import Stand
from integration.scenarios.shop import REVIEWS, WEB, service_url, workload

LOSS = "loss"  # the property of a test's report that holds a row of the table
TITLE = ("event", "path", "sent", "lost", "longest gap")
BACK = 90.0  # seconds that devices and services may take to be back
KIOSK = "shop/kiosk"  # asks as web does, from host3
TESTER = "x-tester: 1"  # leads to reviews-2, which is on host1
Record = Callable[[str, object], None]


@contextmanager
def loaded(
    stand: Stand, service: str = REVIEWS, client: str = WEB, header: str = ""
) -> Iterator[Callable[[], Report]]:
    """Keep requests going; the function that this gives ends them."""
    bed = stand.bed
    with load(workload(bed, client), service_url(bed, service), header=header) as stop:
        time.sleep(0.5)
        yield stop


def settled(stand: Stand) -> None:
    """Wait until every device runs what it should."""
    bed = stand.bed

    def is_settled() -> bool:
        with suppress(BedError):  # the controller may be away
            return not bed.controller.unsettled(bed.layout.devices)
        return False

    until(is_settled, "not all devices are in step", BACK)


def answered(stand: Stand, service: str = REVIEWS) -> None:
    """Wait until requests are answered again."""
    bed = stand.bed

    def is_answered() -> bool:
        report = ask(workload(bed, WEB), service_url(bed, service), 5, timeout=1.0)
        return report.statuses == {"200": 5}

    until(is_answered, f"{service} does not answer", BACK)


def counted(record: Record, event: str, path: str, report: Report) -> Report:
    """Put what a load counted into the table, and return it; an answer but 200 is a loss."""
    lost = report.failed + sum(n for status, n in report.statuses.items() if status != "200")
    sent = report.failed + report.answered
    record(LOSS, (event, path, sent, lost, f"{report.gap_ms:.0f} ms"))
    assert report.answered > 100
    return report


def probed(record: Record, event: str, path: str, seen: Mapping[str, Any]) -> None:
    """Put what probes of UDP counted into the table."""
    lost = seen["sent"] - seen["answered"]
    record(LOSS, (event, path, seen["sent"], lost, f"{seen['gap_ms']:.0f} ms"))


def lossless(report: Report) -> None:
    """Hold a load to having lost nothing."""
    assert (report.failed, set(report.statuses)) == (0, {"200"}), report.failures
