"""Claims about what must not get through, each with the place where it is stopped."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from integration.bed.build import Bed
from integration.bed.netns import Namespace
from integration.bed.traffic import Report, ask
from integration.demo.shop import (
    AUDIT,
    REVIEWS,
    SPY,
    STOCK,
    WEB,
    Row,
    address,
    direct_url,
    service_url,
    workload,
)

PATIENCE = 1.0  # seconds until a request counts as unanswered
DENIED = "shop/reviews-2"


def unreachable(bed: Bed) -> Row:
    """Another tenant, another segment, and the way around the proxy."""
    tries = {
        "spy": (SPY, service_url(bed, REVIEWS)),
        "spy, directly": (SPY, direct_url(bed, DENIED)),
        "audit": (AUDIT, service_url(bed, STOCK)),
        "audit, directly": (AUDIT, direct_url(bed, STOCK)),
        "web to audit": (WEB, direct_url(bed, AUDIT)),
    }
    reports = _at_once(bed, tries)
    through = [name for name, report in reports.items() if not report.unanswered]
    return Row(
        "spy (another tenant) and audit (another segment) are apart from the rest",
        f"{len(reports) - len(through)} of {len(reports)} tries unanswered"
        + (f"; THROUGH: {', '.join(through)}" if through else ""),
        not through,
    )


def closed_around(bed: Bed) -> Row:
    """The servers behind a captured service cannot be reached directly."""
    tries = {name: (WEB, direct_url(bed, f"shop/{name}")) for name in ("reviews-1", "reviews-2")}
    reports = _at_once(bed, tries)
    return Row(
        "web cannot reach the reviews servers around the proxy",
        ", ".join(
            f"{n}: {'no answer' if r.unanswered else 'ANSWERED'}" for n, r in reports.items()
        ),
        all(report.unanswered for report in reports.values()),
    )


def stopped_at_source(bed: Bed) -> Row:
    """An L4 denial is counted at the source's bridge, and nothing of it travels."""
    stock = workload(bed, STOCK)
    _count_arrivals(stock, address(bed, DENIED))
    before = drops(bed, "host1")
    tries = {
        "service": (DENIED, service_url(bed, STOCK)),
        "direct": (DENIED, direct_url(bed, STOCK)),
    }
    reports = _at_once(bed, tries)
    dropped = drops(bed, "host1") - before
    arrived = _arrivals(stock)
    return Row(
        "reviews-2 to stock is dropped by its own host's bridge",
        f"{dropped} packets dropped at host1, {arrived} arrived at stock",
        all(r.unanswered for r in reports.values()) and dropped > 0 and arrived == 0,
    )


def drops(bed: Bed, host: str) -> int:
    """Return the packets that the denying flows of our policy rules have dropped on a bridge."""
    bridge = bed.layout.plan.host[host].bridge
    flows = bed.vswitch(host).ofctl("dump-flows", bridge).splitlines()
    numbers = {f"{rule.number:x}" for rule in bed.layout.plan.rules if rule.name == DENIAL}
    counted = [line for line in flows if _object(line) in numbers]
    return sum(int(re.findall(r"n_packets=(\d+)", line)[0]) for line in counted)


DENIAL = "shop/stock-closed[0]"


def _object(line: str) -> str:
    """Return the low 32 bits of a flow's cookie, which are the rule's number, in hexadecimal."""
    found = re.search(r"cookie=0x([0-9a-f]+)", line)
    return f"{int(found[1], 16) & 0xFFFFFFFF:x}" if found else ""


def _at_once(bed: Bed, tries: dict[str, tuple[str, str]]) -> dict[str, Report]:
    with ThreadPoolExecutor(len(tries)) as pool:
        jobs = {
            name: pool.submit(ask, workload(bed, source), url, 1, timeout=PATIENCE)
            for name, (source, url) in tries.items()
        }
        return {name: job.result() for name, job in jobs.items()}


def _count_arrivals(namespace: Namespace, source: str) -> None:
    namespace.run(
        "nft",
        "-f",
        "-",
        text=f"""\
table inet arrivals {{
  chain input {{
    type filter hook prerouting priority -300;
    ip saddr {source} counter
  }}
}}
""",
    )


def _arrivals(namespace: Namespace) -> int:
    told = namespace.run("nft", "list", "table", "inet", "arrivals")
    namespace.run("nft", "delete", "table", "inet", "arrivals")
    return int(re.findall(r"counter packets (\d+)", told)[0])
