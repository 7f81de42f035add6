"""Which segments a router joins, and what keeps it from routing between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from translators.compiler.catalogue import Catalogue
from translators.compiler.draft import Draft
from translators.compiler.findings import finding
from translators.diagnostics import Diagnostic
from translators.plan.model import Network
from translators.plan.model import Segment as Placed
from translators.policy.document import Document
from translators.policy.segment import Segment

Joined = tuple[Document, Segment]


def router_of(document: Document, segment: Segment) -> str:
    """Return the name of a segment's router among the zones, or "": no segment is named so."""
    router = segment.spec.router
    return "" if router is None else f"{document.tenant}:{router}"


def joined(draft: Draft, one: str, other: str) -> bool:
    """Whether packets can pass between two segments of the draft."""
    known = draft.segments.rows
    return known[one].reaches(known[other])


def rerouted(draft: Draft, before: Draft) -> set[str]:
    """Return the tenants in which a segment came to a router or left it."""
    old, new = before.segments.rows, draft.segments.rows
    names = (n for n in draft.segments.changed if _router(old.get(n)) != _router(new.get(n)))
    return {name.partition("/")[0] for name in names}


def _router(segment: Placed | None) -> object:
    return None if segment is None else segment.router


def unroutable(catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Yield what is wrong between the segments of each router."""
    routers: dict[str, list[Joined]] = {}
    for document, segment in catalogue.of(Segment):
        if name := router_of(document, segment):
            routers.setdefault(name, []).append((document, segment))
    for _, segments in sorted(routers.items()):
        for first, second in combinations(sorted(segments, key=_place), 2):
            yield from _overlapping(first, second)
            yield from _resized(first, second)


def _place(joined: Joined) -> tuple[str, int, str]:
    document = joined[0]
    return document.origin.file, document.origin.line, document.reference


def _overlapping(first: Joined, second: Joined) -> Iterator[Diagnostic]:
    document, segment = second
    for index, subnet in enumerate(segment.spec.subnets):
        for other in first[1].spec.subnets:
            if _meet(subnet, other):
                message = f"{subnet} overlaps {other} of segment {first[0].reference}"
                message += f" ({first[0].at('spec', 'subnets')}), and one router joins them"
                yield finding("FS2022", document, ("spec", "subnets", index), message)


def _meet(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _resized(first: Joined, second: Joined) -> Iterator[Diagnostic]:
    one, other = first[1].spec.mtu, second[1].spec.mtu
    if one != other:
        message = f"the MTU is {other}, and {one} in segment {first[0].reference}"
        message += f" ({first[0].at('spec', 'mtu')}) of the same router"
        yield finding("FS2023", second[0], ("spec", "router"), message)
