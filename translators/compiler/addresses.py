"""Who has an address: carried on from what changed, since thousands have one."""

from __future__ import annotations

from collections.abc import Mapping

from immutables import Map

from translators.compiler.draft import Addresses, Draft
from translators.plan.model import Address, Endpoint


def addresses(draft: Draft, before: Draft) -> Addresses:
    """Return the endpoint that has each address; of several (an error) the last by name."""
    known, now, then = before.addresses, draft.endpoints, before.endpoints
    if now.rows is then.rows:
        return known
    if known.shared:
        return _anew(now.rows)
    holder = known.holder.mutate()
    for name in now.changed:
        for address in then.rows[name].addresses if name in then.rows else ():
            del holder[address]
    for name in now.changed:
        for address in now.rows[name].addresses if name in now.rows else ():
            if address in holder:
                return _anew(now.rows)
            holder[address] = now.rows[name]
    return Addresses(holder.finish())


def _anew(endpoints: Mapping[str, Endpoint]) -> Addresses:
    ordered = (endpoints[name] for name in sorted(endpoints))
    pairs: list[tuple[Address, Endpoint]] = [(a, e) for e in ordered for a in e.addresses]
    holder = Map(pairs)
    return Addresses(holder, len(holder) < len(pairs))
