"""What checkers found, judged: which endpoints are unhealthy, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xds_server.protocols.reports.health import BAD, WELL, Assignment, Checked, Health

_NOTHING = Assignment()


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of an endpoint, and since when, in seconds of the callers' clock."""

    health: Health
    since: float


@dataclass(frozen=True, slots=True)
class Finding:
    """An endpoint that somebody is to check: the verdict, and each checker's last word."""

    checked: Checked
    verdict: Word
    words: Mapping[str, Word]  # by node


class HealthTable:
    """What each node checks and last found; ``changed`` is called when ``unhealthy`` changes.

    A node is only believed about what it was told to check.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self.unhealthy: frozenset[Checked] = frozenset()
        self._found: dict[str, dict[Checked, Health]] = {}
        self._heard: dict[str, float] = {}
        self._words: dict[Checked, dict[str, Word]] = {}
        self._verdicts: dict[Checked, Word] = {}
        self._assigned: dict[str, Assignment] = {}
        self._every = _NOTHING
        self._watchers: list[Callable[[], None]] = []

    def assign(self, assigned: Mapping[str, Assignment], every: Assignment = _NOTHING) -> None:
        """Replace what each node checks, and what those check that are not named; tell them.

        What a node found of endpoints that it checks no longer is dropped.
        """
        if assigned == self._assigned and every == self._every:
            return
        self._assigned, self._every = dict(assigned), every
        touched: set[Checked] = set()
        for node, found in list(self._found.items()):
            mine = self.assigned(node).endpoints
            touched |= self._keep(node, {c: h for c, h in found.items() if c in mine}, 0.0)
        self._judge(touched, 0.0)
        for watcher in list(self._watchers):
            watcher()

    @property
    def assignments(self) -> tuple[Mapping[str, Assignment], Assignment]:
        """What each node is to check, and what those check that are not named."""
        return self._assigned, self._every

    def assigned(self, node: str) -> Assignment:
        """Return what a node is to check."""
        return self._assigned.get(node, self._every)

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher`` when assignments change, until the function returned here is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def take(
        self, node: str, found: Mapping[Checked, Health], now: float, *, settled: bool = True
    ) -> None:
        """Take a node's report, which names everything that it checks.

        As long as it is not ``settled``, a bad word about an endpoint changes nothing.
        """
        mine, before = self.assigned(node).endpoints, self._found.get(node, {})
        kept = {c: h for c, h in found.items() if c in mine}
        if not settled:
            kept.update((c, before.get(c, Health.UNKNOWN)) for c, h in kept.items() if h in BAD)
        self._heard[node] = now
        if kept != before:  # almost every report says what the last one did
            self._judge(self._keep(node, kept, now), now)

    def recall(self, rows: Iterable[tuple[str, Checked, Health]], now: float) -> None:
        """Take what nodes had found before a restart, of what they still check.

        It holds until they speak, or are forgotten.
        """
        told: dict[str, dict[Checked, Health]] = {}
        for node, checked, health in rows:
            if checked in self.assigned(node).endpoints:
                told.setdefault(node, {})[checked] = health
        touched: set[Checked] = set()
        for node, found in told.items():
            touched |= self._keep(node, found, now)
        self._judge(touched, now)

    def forget(self, node: str, left: float, now: float) -> None:
        """Drop what a node found, unless it was heard of since it left."""
        if self._heard.get(node, left) <= left:
            self._heard.pop(node, None)
            self._judge(self._keep(node, {}, now), now)

    def heard(self, node: str) -> float:
        """Return when a node last reported; 0 for one that did not, or was forgotten."""
        return self._heard.get(node, 0.0)

    def findings(self) -> tuple[Finding, ...]:
        """Return every endpoint that somebody is to check, sorted, also if nobody has yet."""
        named = {c for one in (*self._assigned.values(), self._every) for c in one.endpoints}
        return tuple(
            Finding(c, self._verdicts.get(c, _UNTOLD), dict(sorted(self._words.get(c, {}).items())))
            for c in sorted(named)
        )

    def rows(self) -> tuple[tuple[str, Checked, Health], ...]:
        """Return everything that was found, by node and endpoint."""
        return tuple(
            (node, checked, health)
            for node, found in sorted(self._found.items())
            for checked, health in sorted(found.items())
        )

    def _keep(self, node: str, found: dict[Checked, Health], now: float) -> set[Checked]:
        """Replace what a node found; return the endpoints of which it says something else."""
        before = self._found.pop(node, {})
        if found:
            self._found[node] = found
        touched = {c for c in before.keys() | found.keys() if before.get(c) != found.get(c)}
        for checked in touched:
            words = self._words.setdefault(checked, {})
            words.pop(node, None)
            if checked in found:
                words[node] = Word(found[checked], now)
            elif not words:
                del self._words[checked]
        return touched

    def _judge(self, touched: set[Checked], now: float) -> None:
        for checked in touched:
            health = verdict(word.health for word in self._words.get(checked, _NOBODY).values())
            if checked not in self._words:
                self._verdicts.pop(checked, None)
            elif self._verdicts.get(checked, _UNTOLD).health is not health:
                self._verdicts[checked] = Word(health, now)
        bad = {c for c in touched if self._verdicts.get(c, _UNTOLD).health is Health.UNHEALTHY}
        unhealthy = (self.unhealthy - touched) | bad
        if unhealthy != self.unhealthy:
            self.unhealthy = unhealthy
            self.changed()


_UNTOLD = Word(Health.UNKNOWN, 0.0)
_NOBODY: Mapping[str, Word] = MappingProxyType({})


def verdict(words: Iterable[Health]) -> Health:
    """Return UNHEALTHY if a checker says so and no other one says that the endpoint is well."""
    said = set(words)
    if said & WELL:
        return Health.HEALTHY
    return Health.UNHEALTHY if said & BAD else Health.UNKNOWN
