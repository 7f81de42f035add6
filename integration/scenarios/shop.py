"""Names and addresses of examples/shop that the claims speak of, and the claims' common form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from integration.bed.build import SERVER_PORT, Bed
from integration.bed.netns import BedError, Namespace
from integration.bed.traffic import envoy_requests
from translators.compiler.pipeline import compile_policy
from translators.diagnostics import Diagnostic
from translators.plan.model import Plan
from translators.policy.document import Document
from translators.policy.load import load

EXAMPLES = Path(__file__).parents[2] / "examples" / "shop"
WEB, REVIEWS, STOCK = "shop/web", "shop/reviews", "shop/stock"
SPY, AUDIT = "rival/spy", "shop/audit"
FIRST, SECOND = "reviews-1", "reviews-2"


@dataclass(frozen=True, slots=True)
class Row:
    """A claim, what was measured, and whether the claim holds."""

    claim: str
    shown: str
    holds: bool


def shop_plan() -> Plan:
    """Compile examples/shop; BedError with the diagnostics if it is wrong."""
    documents: list[Document] = []
    findings: list[Diagnostic] = []
    for file in sorted(EXAMPLES.glob("*.yaml")):
        loaded = load(file.read_text(), file.name)
        documents += loaded.documents
        findings += loaded.diagnostics
    compiled = compile_policy(documents)
    findings += compiled.diagnostics
    if not compiled.plan.hosts:
        raise BedError("examples/shop does not compile:\n" + "\n".join(map(str, findings)))
    return compiled.plan


def workload(bed: Bed, name: str) -> Namespace:
    """Return the namespace of a workload, by its full name."""
    return bed.layout.workload(name)


def service_url(bed: Bed, service: str, path: str = "/", family: int = 4) -> str:
    """Return the URL of a service by its virtual address."""
    vips = bed.layout.plan.service[service].vips
    found = next(vip for vip in vips if vip.version == family)
    return f"http://[{found}]{path}" if family == 6 else f"http://{found}{path}"


def direct_url(bed: Bed, endpoint: str) -> str:
    """Return the URL of a workload's own server, around every service."""
    return f"http://{address(bed, endpoint)}:{SERVER_PORT}/"


def address(bed: Bed, endpoint: str, family: int = 4) -> str:
    """Return a workload's own address."""
    found = bed.layout.plan.endpoint[endpoint].addresses
    return str(next(a for a in found if a.version == family))


def taken_in(bed: Bed, host: str) -> int:
    """Return how many requests a host's Envoy has taken in."""
    socket = bed.layout.directory(host) / "agent" / "admin.sock"
    return envoy_requests(bed.layout.namespace(host), socket)
