"""What a change must pass before anything is stored or sent to a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Protocol

import structlog

from translators.diagnostics import Diagnostic, report
from xds_server.controller.errors import RefusedError, UnsafeError
from xds_server.controller.references import place_of, reference_findings, shown
from xds_server.controller.targets import Targets
from xds_server.snapshots.model import Resource, Snapshot, keeps_names

_log = structlog.get_logger("fsdn.controller")
# A proxy with fewer resources than this may lose any of them: with one or two services every
# ordinary edit is a large part of the whole, and a guard that cries each time is turned off.
GUARDED = 20
SHARE = 0.3  # of a proxy's resources
OTHERS = "every other node"  # the proxies that nobody names


class Refused(Protocol):
    """Why a proxy's binary does not take a snapshot; ``resource`` is None where nobody knows."""

    @property
    def reason(self) -> str:
        """The binary's own words."""

    @property
    def resource(self) -> Resource | None:
        """The resource at fault."""


class Judge(Protocol):
    """A proxy's own binary, asked before a proxy is.

    ``budget``: seconds that a change may wait for it in all; None for as long as it takes.
    """

    @property
    def budget(self) -> float | None:
        """See above."""

    async def judge(self, node: str, snapshot: Snapshot) -> Refused | None:
        """Return why the snapshot is refused, or None. Raises MachineError if it cannot be run."""


def check_references(old: Targets, new: Targets) -> None:
    """Raise RefusedError where a resource refers to one that its proxy does not have.

    What the old targets have has been checked.
    """
    if old.proxies is new.proxies and old.others is new.others:
        return
    before = _snapshots(old)
    changed = {host: s for host, s in _snapshots(new).items() if before.get(host) is not s}
    if found := reference_findings(changed, before):
        raise RefusedError(found)


def check_shrink(old: Targets, new: Targets) -> None:
    """Raise UnsafeError where a proxy would lose so much that its author can hardly mean it.

    That is more than 30 % of its resources, or all of a type. A proxy whose host is removed as a
    whole, a new one and one with fewer than 20 resources are not guarded.
    """
    if old.proxies is new.proxies:
        return
    losses = [text for host in sorted(old.proxies) for text in _losses(host, old, new)]
    if losses:
        raise UnsafeError(
            f"{'; '.join(losses)}: if that is meant, apply with --allow-shrink; 'fsdn diff' shows "
            "what would go"
        )


def check_kept(old: Targets, new: Targets) -> None:
    """Raise UnsafeError where a proxy would be left with nothing, or lose much, by a folder.

    Here a proxy of any size is guarded from losing all: a file vanishes more easily than a policy.
    """
    before = _snapshots(old)
    left = {host: new.proxies.get(host) or new.others or Snapshot({}) for host in before}
    kept = replace(new, proxies={**new.proxies, **left})
    emptied = [host for host in before if _count(before[host]) and not _count(left[host])]
    losses = [f"{host} would lose all its {_count(before[host])} resources" for host in emptied]
    sound = replace(old, proxies={h: s for h, s in before.items() if h not in emptied})
    losses += [text for host in sorted(sound.proxies) for text in _losses(host, sound, kept)]
    if losses:
        raise UnsafeError(
            f"{'; '.join(losses)}: if that is meant, run 'fsdn proxy reload --allow-shrink'; until "
            "then the last good set stays served"
        )


def _snapshots(targets: Targets) -> dict[str, Snapshot]:
    """Return what every proxy should run; those that nobody names count as one."""
    others = {} if targets.others is None else {OTHERS: targets.others}
    return {**targets.proxies, **others}


def _count(snapshot: Snapshot) -> int:
    return sum(len(named) for named in snapshot.resources.values())


def _losses(host: str, old: Targets, new: Targets) -> Iterator[str]:
    before, after = old.proxies[host], new.proxies.get(host)
    if after is None or after is before or keeps_names(before, after):
        return
    if (total := _count(before)) < GUARDED:
        return
    gone = sum(len(n.keys() - after.of(u).keys()) for u, n in before.resources.items())
    kinds = [url.rpartition(".")[2] for url in before.resources if not after.of(url)]
    if kinds:
        yield f"the proxy of {host} would lose every {' and '.join(sorted(kinds))}"
    elif gone > SHARE * total:
        yield f"the proxy of {host} would lose {gone} of its {total} resources"


async def check_by_envoy(judge: Judge, old: Targets, new: Targets) -> None:
    """Raise RefusedError where the proxies' own binary refuses what a change would send.

    Proxies that are sent the same are judged once. What is not judged within the judge's budget
    is sent all the same, and the log says so.
    """
    found: list[Diagnostic] = []
    known, judged = _snapshots(old), set()
    deadline = None if judge.budget is None else monotonic() + judge.budget
    left = 0
    for host, snapshot in sorted(_snapshots(new).items()):
        before, content = known.get(host), tuple(snapshot.digests.items())
        if (before is not None and before.versions == snapshot.versions) or content in judged:
            continue
        judged.add(content)
        if deadline is not None and monotonic() > deadline:
            left += 1
        elif (refused := await judge.judge(host, snapshot)) is not None:
            found.append(refusal_finding(host, refused))
    if left:
        _log.warning("not all proxies validated", left=left, seconds=judge.budget)
    if found:
        raise RefusedError(tuple(sorted(found)))


def refusal_finding(host: str, refused: Refused) -> Diagnostic:
    """Return a refusal as a finding at the policy's line that caused the resource."""
    if refused.resource is None:
        return report("FS6008", "?", 1, f"the proxy of {host} would refuse it: {refused.reason}")
    file, line = place_of(refused.resource.origin)
    what = shown(refused.resource.type_url, refused.resource.name)
    return report("FS6008", file, line, f"{host} would refuse {what}: {refused.reason}")
