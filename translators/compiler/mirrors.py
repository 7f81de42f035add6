"""What keeps copies of what a rule admits from their collector."""

from __future__ import annotations

from collections.abc import Iterator

from translators.compiler.draft import Draft
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic, report
from translators.plan.model import Rule


def mirrors(draft: Draft, before: Draft) -> Table[str]:
    """Return the collector of each rule that mirrors, and an error where copies have no way."""
    names = set(draft.rules.changed)
    if draft.hosts.changed or draft.endpoints.changed:
        names.update(before.mirrors.rows)

    def make(name: str, findings: list[Diagnostic]) -> str | None:
        row = draft.rules.rows.get(name)
        if row is None or row.rule.mirror is None:
            return None
        findings.extend(_uncollected(draft, row.rule))
        return row.rule.mirror

    return renewed(before.mirrors, names, make)


def _uncollected(draft: Draft, rule: Rule) -> Iterator[Diagnostic]:
    """Yield an error for each host with sources from which no tunnel leads to the collector."""
    collector = draft.endpoints.rows.get(rule.mirror or "")
    if collector is None:
        return
    rows = draft.endpoints.rows
    for name in sorted({rows[source].host for source in rule.sources} - {collector.host}):
        lacking = [h for h in (name, collector.host) if draft.hosts.rows[h].tunnel is None]
        if lacking:
            message = (
                f"{collector.name} is on {collector.host}, sources are on {name}; "
                f"without a tunnel: {', '.join(lacking)}"
            )
            yield report("FS8005", rule.origin.file, rule.origin.line, message)
