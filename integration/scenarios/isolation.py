"""Claims about what must not get through, each with the place where it is stopped."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from integration.bed.build import Bed
from integration.bed.netns import Namespace
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
    workload,
)

PATIENCE = 1.0  # seconds until a request counts as unanswered
DENIED = "shop/reviews-2"
DENIAL = "shop/stock-closed[0]"


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
    alive = all(_gateway_answers(bed, name) for name in (SPY, AUDIT))
    return Row(
        "spy (another tenant) and audit (another segment) are apart from the rest",
        f"{len(reports) - len(through)} of {len(reports)} tries unanswered"
        + (f"; THROUGH: {', '.join(through)}" if through else "")
        + f"; their gateways {'answer' if alive else 'DO NOT ANSWER'} them",
        alive and not through,
    )


def _gateway_answers(bed: Bed, name: str) -> bool:
    """Whether a workload knows its gateway's MAC: else its silence would prove nothing."""
    segment = bed.layout.plan.segment[bed.layout.plan.endpoint[name].segment]
    known = workload(bed, name).run("ip", "neigh", "show", str(segment.gateways[0]))
    return "lladdr" in known


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
    _count_arrivals(stock, address(bed, DENIED), address(bed, WEB))
    before = drops(bed, "host1")
    tries = {
        "service": (DENIED, service_url(bed, STOCK)),
        "direct": (DENIED, direct_url(bed, STOCK)),
    }
    reports = _at_once(bed, tries)
    dropped = drops(bed, "host1") - before
    ask(workload(bed, WEB), service_url(bed, STOCK))  # the counting is tried by what is allowed
    arrived, allowed = _arrivals(stock)
    return Row(
        "reviews-2 to stock is dropped by its own host's bridge",
        f"{dropped} packets dropped at host1, {arrived} arrived at stock ({allowed} from web)",
        all(r.unanswered for r in reports.values()) and dropped > 0 and arrived == 0 < allowed,
    )


def drops(bed: Bed, host: str) -> int:
    """Return the packets that the denying flows of our policy rules have dropped on a bridge."""
    bridge = bed.layout.plan.host[host].bridge
    flows = bed.vswitch(host).ofctl("dump-flows", bridge).splitlines()
    numbers = {f"{rule.number:x}" for rule in bed.layout.plan.rules if rule.name == DENIAL}
    counted = [line for line in flows if _object(line) in numbers]
    return sum(int(re.findall(r"n_packets=(\d+)", line)[0]) for line in counted)


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


def _count_arrivals(namespace: Namespace, *sources: str) -> None:
    counters = "\n".join(f"ip saddr {source} counter" for source in sources)
    chain = f"type filter hook prerouting priority -300;\n{counters}\n"
    table = f"table inet arrivals {{\nchain seen {{\n{chain}}}\n}}\n"
    namespace.run("nft", "-f", "-", text=table)


def _arrivals(namespace: Namespace) -> tuple[int, ...]:
    told = namespace.run("nft", "list", "table", "inet", "arrivals")
    namespace.run("nft", "delete", "table", "inet", "arrivals")
    return tuple(int(count) for count in re.findall(r"counter packets (\d+)", told))
