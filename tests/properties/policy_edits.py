"""Random changes of one policy: who it is about, what its rules match, decide and do beside."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.properties.worlds import (
    OUTSIDE,
    Thing,
    some_http,
    some_route,
    some_rule,
    some_source,
    some_target,
    some_transport,
)

_SHAPES = (
    {"dscp": "af21"},
    {"rate": "1Gbps", "dscp": 8},
    {"rate": "2Gbps", "burst": "1Gb"},
    {"rate": "1Gbps", "queue": True},
)
_L4_ALONE = ("shape", "mirror", "enforce")  # what a rule of requests cannot have


class Edit:
    """A policy under change, and what its world has that it can name."""

    def __init__(self, rng: Random, policy: Thing, workloads: list[str], services: list[str]):
        self.rng = rng
        self.spec: Thing = policy["spec"]
        self.workloads = tuple(workloads) or ("nobody",)
        self.services = tuple(services) or ("nothing",)

    @property
    def rules(self) -> list[Thing]:
        return list(self.spec["rules"])

    def one(self) -> Thing:
        """Return one of the rules, in its place."""
        found: Thing = self.rng.choice(self.spec["rules"])
        return found


def _is_of_requests(rule: Thing) -> bool:
    return "http" in rule.get("match", {}) or "route" in rule


def _to_packets(rule: Thing) -> None:
    """Take the requests from a rule; what else it matches, and whom it is about, stays."""
    rule["match"] = {k: v for k, v in rule.get("match", {}).items() if k != "http"}
    if rule.pop("route", None) is not None:
        rule["action"] = "allow"


def _to_requests(edit: Edit, rule: Thing) -> None:
    """Let a rule be about requests, and no more about what these have not."""
    for name in _L4_ALONE:
        rule.pop(name, None)
    if edit.rng.randrange(4):  # to what may speak HTTP
        names = [name for name in ("web", "db", "trap") if name in edit.services]
        edit.spec["to"] = [{"service": edit.rng.choice(names or edit.services)}]
    match = {k: v for k, v in rule.get("match", {}).items() if k == "tcp"}
    rule["match"] = {**match, "http": some_http(edit.rng)}
    if rule.get("action") == "audit":
        rule["action"] = "deny"


def _of_the_other_level(edit: Edit) -> None:
    """Turn a rule, or all of them, from requests to packets or back."""
    one = edit.one()
    for rule in edit.rules if edit.rng.randrange(2) else [one]:
        if _is_of_requests(rule):
            _to_packets(rule)
        else:
            _to_requests(edit, rule)


def _decided_otherwise(edit: Edit) -> None:
    rule = edit.one()
    if "route" in rule:
        return
    rule["action"] = edit.rng.choice(("allow", "deny"))
    if "http" not in rule.get("match", {}) and edit.rng.randrange(3) == 0:
        rule["action"] = "audit"
    if rule["action"] != "allow":
        rule.pop("shape", None)
        rule.pop("mirror", None)


def _admits_packets(rule: Thing) -> bool:
    beside = rule.get("action") == "allow" and rule.get("enforce") != "proxy"
    return beside and not _is_of_requests(rule)


def _shaped_otherwise(edit: Edit) -> None:
    rule = edit.one()
    had = rule.pop("shape", None) is not None
    if _admits_packets(rule) and not (had and edit.rng.randrange(2)):
        rule["shape"] = edit.rng.choice(_SHAPES)


def _mirrored_otherwise(edit: Edit) -> None:
    rule = edit.one()
    had = rule.pop("mirror", None) is not None
    if _admits_packets(rule) and not (had and edit.rng.randrange(2)):
        rule["mirror"] = {"workload": edit.rng.choice(edit.workloads)}


def _enforced_elsewhere(edit: Edit) -> None:
    rule = edit.one()
    layer = edit.rng.choice(("auto", "vswitch", "proxy"))
    if layer != "proxy" or not rule.keys() & {"shape", "mirror"}:
        rule["enforce"] = layer


def _routed_otherwise(edit: Edit) -> None:
    """Spread over other weights or subsets, in another time, with other tries; or begin to."""
    rule = edit.one()
    if rule.get("action") == "allow" and not rule.keys() & {*_L4_ALONE}:
        del rule["action"]
        rule["route"] = some_route(edit.rng)
    elif "route" in rule:
        rule["route"] = some_route(edit.rng)
        if edit.rng.randrange(2):
            rule["route"]["retry"] = edit.rng.choice(({"attempts": 0}, {"codes": [503]}))


def _matched_otherwise(edit: Edit) -> None:
    rule = edit.one()
    http = rule.get("match", {}).get("http")
    match = some_transport(edit.rng, http is not None)
    if http is not None:
        match = {**match, "http": some_http(edit.rng) if edit.rng.randrange(2) else http}
        if rule.get("action") == "audit":
            rule["action"] = "allow"
    rule["match"] = match


def _reordered(edit: Edit) -> None:
    edit.rng.shuffle(edit.spec["rules"])


def _of_more_or_fewer_rules(edit: Edit) -> None:
    rules = edit.spec["rules"]
    if len(rules) > 1 and edit.rng.randrange(2):
        rules.remove(edit.one())
    else:
        rules.insert(edit.rng.randint(0, len(rules)), some_rule(edit.rng))


def _from_others(edit: Edit) -> None:
    _one_more_or_fewer(edit, edit.spec["from"], some_source(edit.rng, edit.workloads))


def _to_others(edit: Edit) -> None:
    target = some_target(edit.rng, edit.workloads, edit.services)
    if edit.rng.randrange(8) == 0:
        target = {"external": edit.rng.choice(OUTSIDE)}
    _one_more_or_fewer(edit, edit.spec["to"], target)


def _one_more_or_fewer(edit: Edit, ends: list[Thing], fresh: Thing) -> None:
    way = edit.rng.randrange(3)
    if way == 0 and len(ends) > 1:
        ends.remove(edit.rng.choice(ends))
    elif way == 1:
        ends[edit.rng.randrange(len(ends))] = fresh
    else:
        ends.append(fresh)


def _revoked_otherwise(edit: Edit) -> None:
    edit.spec["revoke"] = edit.rng.choice(("cut", "drain"))


def _reprioritised(edit: Edit) -> None:
    edit.spec["priority"] = edit.rng.choice((0, 5, 10, 20))


POLICY_EDITS: tuple[Callable[[Edit], None], ...] = (
    *(4 * (_of_the_other_level,)),
    _decided_otherwise,
    _shaped_otherwise,
    _mirrored_otherwise,
    _enforced_elsewhere,
    _routed_otherwise,
    _matched_otherwise,
    _reordered,
    _of_more_or_fewer_rules,
    _from_others,
    _to_others,
    _revoked_otherwise,
    _reprioritised,
)
