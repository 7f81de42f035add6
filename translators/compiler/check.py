"""What collides, contradicts or leads nowhere: the checks that need the whole plan."""

from __future__ import annotations

from dataclasses import replace

from translators.compiler.claims import collisions
from translators.compiler.conflicts import conflicts
from translators.compiler.draft import Draft
from translators.compiler.reserved import reserved
from translators.compiler.wiring import wiring


def check(draft: Draft) -> Draft:
    """Return the draft with every finding about nouns and about the order of rules."""
    known = draft.catalogue
    findings = (*collisions(known), *reserved(known), *wiring(draft), *conflicts(draft))
    return replace(draft, findings=draft.findings + findings)
