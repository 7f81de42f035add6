"""What keeps a rule about networks outside from letting anybody out."""

from __future__ import annotations

from collections.abc import Iterator

from translators.compiler.draft import Draft
from translators.compiler.overlap import within
from translators.diagnostics import Diagnostic, report
from translators.plan.model import Action, Rule

EXTERNAL = ":external"  # the zone of what hosts translate, among the zones: no segment's name


def confined(draft: Draft, rule: Rule) -> Iterator[Diagnostic]:
    """Yield warnings: a source without a way outside, a network that lies inside."""
    if rule.action is Action.ALLOW:
        yield from _stuck(draft, rule)
    for network in rule.externals:
        for segment in draft.segments.rows.values():
            if any(within(network, subnet) for subnet in segment.subnets):
                message = f"{network} lies in segment {segment.name}, and external means outside"
                mend = "select workloads by cidr, labels or segment"
                yield report("FS1103", rule.origin.file, rule.origin.line, message, mend)


def _stuck(draft: Draft, rule: Rule) -> Iterator[Diagnostic]:
    families = sorted({network.version for network in rule.externals})
    for name in rule.sources:
        source = draft.endpoints.rows[name]
        external = draft.hosts.rows[source.host].external
        for family in families:
            if external is None or external.address(family) is None:
                message = f"{name} is on {source.host}, which has no external IPv{family} address"
                yield report("FS4021", rule.origin.file, rule.origin.line, message)
                return
