"""Members by tenant and by label, for selectors: only what a changed member touches is new."""

from __future__ import annotations

from translators.compiler.draft import Draft, Label, Member, Roster
from translators.compiler.members import moved


def roster(draft: Draft, before: Draft) -> Roster:
    """Return what selectors select workloads from."""
    known = before.roster
    if draft.members.rows is before.members.rows:
        return known
    pairs = moved(draft, before)
    names = {one.tenant for pair in pairs for one in pair if one}
    tenants = {name: known.of(name).mutate() for name in names}
    labels: dict[Label, set[str]] = {}
    for old, new in pairs:
        if old is not None and (new is None or new.tenant != old.tenant):
            del tenants[old.tenant][old.name]
        if new is not None:
            tenants[new.tenant][new.name] = new
        had, has = _labels(old), _labels(new)
        for label in had ^ has:
            names = labels.setdefault(label, set(known.labels.get(label, ())))
            names.symmetric_difference_update([_name(old, new)])
    named = {**known.labels, **{label: frozenset(names) for label, names in labels.items()}}
    for label in (label for label, names in labels.items() if not names):
        del named[label]
    finished = {tenant: own.finish() for tenant, own in tenants.items()}
    return Roster(draft.members.rows, {**known.tenants, **finished}, named)


def _name(*members: Member | None) -> str:
    return next(member.name for member in members if member is not None)


def _labels(member: Member | None) -> set[Label]:
    if member is None:
        return set()
    return {(member.tenant, name, value) for name, value in member.labels.items()}
