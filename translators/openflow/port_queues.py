"""Queues of ports: what a rule lets wait, at which workloads' ports of a host, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from translators.plan.model import Plan, Rule, Shaping

_MOST = 0xEFFF  # a queue is a class of linux-htb, of which Open vSwitch has this many


@dataclass(frozen=True, slots=True)
class Queue:
    """A rule's queue on one host: it has the same number at each port."""

    number: int
    rule: Rule
    shape: Shaping
    receivers: tuple[str, ...]  # endpoints here that the rule's sources reach
    senders: tuple[str, ...]  # its sources here, which get the answers

    @property
    def ends(self) -> tuple[str, ...]:
        """The endpoints whose ports have the queue."""
        return tuple(sorted({*self.receivers, *self.senders}))


def queues_of(plan: Plan, host: str) -> tuple[Queue, ...]:
    """Return a host's queues, sorted by their rules' numbers."""
    queued = [rule for rule in plan.extras if rule.shape is not None and rule.shape.queue]
    found = []
    taken: set[int] = set()
    for rule in sorted(queued, key=lambda rule: rule.number):
        receivers, senders = (_here(plan, host, names) for names in _ends(plan, rule))
        if receivers or senders:
            number = _free(rule.number, taken)
            taken.add(number)
            assert rule.shape is not None
            found.append(Queue(number, rule, rule.shape, receivers, senders))
    return tuple(found)


def by_port(plan: Plan, host: str) -> Mapping[str, tuple[Queue, ...]]:
    """Return the queues of each port of a host's bridge that has any, by the port's name."""
    found: dict[str, list[Queue]] = {}
    for queue in queues_of(plan, host):
        for name in queue.ends:
            found.setdefault(plan.endpoint[name].port, []).append(queue)
    return {port: tuple(queues) for port, queues in sorted(found.items())}


def numbers_here(plan: Plan, host: str, rule: Rule) -> bool:
    """Whether a rule has a queue on a host, whose number others then cannot have."""
    if rule.shape is None or not rule.shape.queue:
        return False
    return any(_here(plan, host, names) for names in _ends(plan, rule))


def _ends(plan: Plan, rule: Rule) -> tuple[set[str], set[str]]:
    served = (name for service in rule.services for name in plan.service[service].endpoints)
    return {*rule.endpoints, *served}, set(rule.sources)


def _here(plan: Plan, host: str, names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if plan.endpoint[name].host == host))


def _free(wanted: int, taken: set[int]) -> int:
    """Return a number for a queue: the rule's own, so that it stays what it is. None is 0."""
    number = (wanted - 1) % _MOST
    while number + 1 in taken:
        number = (number + 1) % _MOST
    return number + 1
