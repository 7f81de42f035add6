"""Claims about the controller under load: nothing fails while it changes things, or dies."""

from __future__ import annotations

import time
from typing import Any

from integration.bed.build import Bed, until
from integration.bed.controller import kill
from integration.bed.traffic import load
from integration.scenarios.shop import EXAMPLES, REVIEWS, WEB, Row, service_url, workload

OLD = "{subset: v1, weight: 90}, {subset: v2, weight: 10}"
NEW = "{subset: v1, weight: 50}, {subset: v2, weight: 50}"
AWAY = 2.0  # seconds that the server stays dead


def moved(bed: Bed) -> Row:
    """The split is changed by one command, under load."""
    policies = (EXAMPLES / "policies.yaml").read_text()
    with load(workload(bed, WEB), service_url(bed, REVIEWS)) as stop:
        time.sleep(0.5)
        began = time.monotonic()
        seconds = apply(bed, policies.replace(OLD, NEW))
        command = time.monotonic() - began
        time.sleep(0.5)
        report = stop()
    return Row(
        "the split is moved to 50 to 50 under load",
        f"every device had acknowledged after {seconds * 1000:.0f} ms"
        f" ({command:.1f} s with the command's own start);"
        f" {report.failed} of {report.answered + report.failed} requests failed",
        report.failed == 0 and set(report.statuses) == {"200"} and OLD in policies,
    )


def apply(bed: Bed, text: str) -> float:
    """Apply policy and wait for every device; return the seconds from commit to the last of them.

    The server measures them: the command line's own start is no part of it.
    """
    bed.controller.fsdn("apply", "-f", "-", "--wait", "acked", "--timeout", "30", text=text)
    newest = bed.controller.ask("/v1/revisions?limit=1")[0]
    return float(newest["acked_after"])


def server_killed(bed: Bed) -> Row:
    """The controller dies as by a power cut, and comes back."""
    if bed.server is None:
        return Row("the server is killed under load", "it does not run", False)
    with load(workload(bed, WEB), service_url(bed, REVIEWS)) as stop:
        time.sleep(0.3)
        kill(bed.server)
        time.sleep(AWAY)
        bed.server = bed.controller.start()
        until(lambda: _all_heard(bed), "not all are back", 90)
        report = stop()
    devices = {d["device"]: d for d in bed.controller.ask("/v1/status")["devices"]}
    written = {name: _written(devices[name]) for name in bed.layout.devices}
    sent = {name: count for name, count in written.items() if count}
    return Row(
        "kill -9 of the server under load, and a restart",
        f"{report.failed} of {report.answered + report.failed} requests failed;"
        f" sent again to {len(written)} devices: {sent or 'nothing'}",
        report.failed == 0 and set(report.statuses) == {"200"} and not sent,
    )


def _all_heard(bed: Bed) -> bool:
    """Whether every device is in step, and has said so since the server began anew."""
    if bed.controller.unsettled(bed.layout.devices):
        return False
    devices = {d["device"]: d for d in bed.controller.ask("/v1/status")["devices"]}
    for name in bed.layout.devices:
        kept = devices[name]["types"]  # of a proxy none, where its host captures nothing
        if not (kept or name.startswith("proxy/")) or any(t["written"] is None for t in kept):
            return False
    return True


def _written(device: dict[str, Any]) -> int:
    return sum(kept["written"] for kept in device["types"])
