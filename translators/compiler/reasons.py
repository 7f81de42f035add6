"""The words of a placement: why this layer, why no other, and what it saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from translators.compiler.draft import Clause, Draft
from translators.compiler.findings import finding
from translators.compiler.routers import joined
from translators.diagnostics import Diagnostic
from translators.plan.model import Layer, Placement, Rule

Pairs = set[tuple[str, str]]  # sources and services whose requests a proxy decides on

_FABRIC = "fabric: a leaf sees hosts and tunnels, not workloads"


def fabric_pin(clause: Clause) -> Iterator[Diagnostic]:
    """Yield what pins a rule to a layer that can never hold it."""
    path = ("spec", "rules", clause.index, "enforce")
    pin = clause.model.enforce
    if pin == "fabric":
        message = "the fabric isolates segments; it cannot tell workloads apart"
        yield finding("FS8004", clause.document, path, message)
    elif pin == "vswitch" and clause.model.match.http is not None:
        message = "a vswitch does not see HTTP"
        yield finding("FS8004", clause.document, path, message)
    elif pin == "vswitch" and clause.model.route is not None and not clause.balances:
        message = "a vswitch cannot route requests"
        yield finding("FS8004", clause.document, path, message)


def placed(draft: Draft, rule: Rule, pairs: Pairs) -> Iterator[Placement]:
    """Yield where a rule is enforced, in order of layer; ``pairs`` are what proxies carry of it."""
    if pairs or rule.needs_proxy:
        yield _at_proxy(draft, rule, pairs)
    if not rule.needs_proxy:
        total = _pairs(draft, rule)
        if rule.endpoints or len(pairs) < total or not pairs:
            yield _at_vswitch(rule, len(pairs), total)


def _pairs(draft: Draft, rule: Rule) -> int:
    """Return how many pairs of a source and a service within its reach the rule is about."""
    if not rule.services:
        return 0
    services = Counter(draft.services.rows[name].segment for name in rule.services)
    sources = Counter(draft.endpoints.rows[name].segment for name in rule.sources)
    return sum(
        here * there
        for one, here in sources.items()
        for other, there in services.items()
        if joined(draft, one, other)
    )


def _at_proxy(draft: Draft, rule: Rule, pairs: Pairs) -> Placement:
    hosts = sorted({draft.endpoints.rows[source].host for source, _ in pairs})
    where = f"proxy on {', '.join(hosts)}" if hosts else "nowhere: no traffic reaches the rule"
    if rule.http is not None:
        reason, why_not = "the match has HTTP fields", "vswitch: it does not see HTTP"
    elif rule.route is not None:
        reason, why_not = "the rule routes requests", "vswitch: it balances connections only"
    elif rule.needs_proxy:
        reason, why_not = "enforce: proxy", "vswitch: it could decide, but the rule is pinned"
    else:
        reason = "another rule for the same service port needs the proxy"
        why_not = "vswitch: it would decide before the proxy sees the request"
    saving = f"one proxy at the source's host, not two sidecars, {_of_pairs(len(pairs))}"
    return Placement(rule.name, Layer.PROXY, where, reason, (_FABRIC, why_not), saving)


def _at_vswitch(rule: Rule, proxied: int, total: int) -> Placement:
    reason = "the match stops at L4: the lowest layer that can decide"
    if rule.balance:
        reason = "the route spreads connections: groups of the bridge choose by weight"
    if rule.enforce is Layer.VSWITCH:
        reason = "enforce: vswitch"
    if not rule.decides:
        reason = "it is counted where rules decide; what it matches goes on to the next rule"
    saving = f"no proxy {_of_pairs(total - proxied, total)}"
    refused = (_FABRIC, "proxy: nothing in the rule needs L7, and each hop costs two wake-ups")
    return Placement(rule.name, Layer.VSWITCH, "source bridge", reason, refused, saving)


def _of_pairs(number: int, total: int | None = None) -> str:
    of = "" if total is None else f" of {total}"
    return f"for {number}{of} pair{'' if (total or number) == 1 else 's'} of source and service"
