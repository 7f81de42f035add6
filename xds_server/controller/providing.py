"""A folder of plain resources on its way to proxies: read, checked as a whole, published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from translators.diagnostics import Diagnostic, has_errors
from translators.folder.read import Contents, File, read_folder
from xds_server.controller.compile import Compiled
from xds_server.controller.errors import ControllerError, MachineError, RefusedError
from xds_server.controller.gates import check_by_envoy, check_kept, check_references
from xds_server.controller.health_checks import (
    Assigned,
    Checkers,
    assigned_of,
    ineffective,
    judged,
)
from xds_server.controller.provided import Provided, VersionBook, provided_of
from xds_server.controller.service import Controller
from xds_server.controller.state import Committed
from xds_server.controller.targets import Targets


class Verdict(StrEnum):
    """Whether what a folder holds is what is served."""

    SERVED = "served"
    REFUSED = "refused"  # the last good set, or of each secret the last sound one, stays served


@dataclass(frozen=True, slots=True)
class FolderState:
    """What came of the last reading of a folder; ``count`` is of what is served.

    ``checkers``: nodes that check endpoints for others, "every other node" as one.
    """

    name: str
    path: str
    state: Verdict = Verdict.SERVED
    at: float = 0.0  # seconds since the epoch
    count: int = 0
    nodes: int = 0
    error: str = ""  # why it is refused, where no file is at fault
    findings: tuple[Diagnostic, ...] = ()
    checkers: int = 0


class Providing:
    """Keeps a controller supplied with the last good set of a folder."""

    def __init__(self, controller: Controller, path: str, checkers: Checkers) -> None:
        self.provided = Provided()
        self.state = FolderState("resources", path)
        self._controller = controller
        self._checkers = checkers
        self._judged = Targets()  # the checks that hold, as Envoy was asked about them
        self._book = VersionBook()

    async def provide(
        self, files: Sequence[File], unread: Sequence[str] = (), *, allow_shrink: bool = False
    ) -> FolderState:
        """Serve what the files hold, or nothing of it; return what is served then.

        ``unread``: folders that belong to no node, for a warning. Raises RefusedError with every
        finding, and UnsafeError where a proxy would be left with nothing or lose much, unless
        ``allow_shrink``; the last good set then stays served.
        """
        try:
            await self._replace(files, unread, allow_shrink)
        except (ControllerError, MachineError) as error:
            self.refuse(error)
            raise
        return self.state

    def refuse(self, error: Exception) -> None:
        """Note why the folder as it is now is not served."""
        findings = error.diagnostics if isinstance(error, RefusedError) else ()
        self.state = replace(
            self.state,
            state=Verdict.REFUSED,
            at=self._controller.clock(),
            error="" if findings else str(error),
            findings=findings,
        )

    async def _replace(
        self, files: Sequence[File], unread: Sequence[str], allow_shrink: bool
    ) -> None:
        controller = self._controller
        contents, provided = await asyncio.to_thread(_read, files, unread)
        self._check(contents, provided)
        async with controller.changing:
            held = controller.holds
            compiler = partial(controller.compiler, provided=provided)
            new = await asyncio.to_thread(_checked, compiler, controller, allow_shrink)
            checks = judged(contents)
            odd = await asyncio.to_thread(ineffective, contents, new.targets)
            if controller.judge is not None:
                await check_by_envoy(controller.judge, held.targets, new.targets)
                await check_by_envoy(controller.judge, self._judged, checks)
            self._judged = checks
            controller.compiler = compiler
            controller.holds = new
            controller.feed(_renewed(controller, new))
            assigned = assigned_of(contents)
            self._checkers.assign(assigned.nodes, assigned.every)
        self._book.keep(provided)
        self.provided = provided
        findings = (*contents.diagnostics, *odd)
        self.state = self._served(contents, provided, assigned, findings)

    def _check(self, contents: Contents, provided: Provided) -> None:
        """Raise RefusedError where the files by themselves cannot be served."""
        errors = contents.diagnostics
        if not has_errors(errors):
            errors = self._book.reused(contents, provided)
        if has_errors(errors):
            raise RefusedError(errors)

    def _served(
        self,
        contents: Contents,
        provided: Provided,
        assigned: Assigned,
        findings: tuple[Diagnostic, ...],
    ) -> FolderState:
        return FolderState(
            self.state.name,
            self.state.path,
            Verdict.SERVED,
            self._controller.clock(),
            sum(len(held.resources) for held in contents.nodes.values()),
            len(provided.nodes.keys() | assigned.nodes.keys()),
            findings=tuple(sorted(findings)),
            checkers=assigned.count,
        )


def _renewed(controller: Controller, new: Compiled) -> Committed:
    """Return what lets the revision that holds be published anew."""
    state = controller.state
    return Committed(
        state.revision,
        new.plan,
        new.targets,
        new.ports,
        controller.clock(),
        acked=state.acked,
        since=state.committed_at,
        progress=state.progress,
    )


def _read(files: Sequence[File], unread: Sequence[str]) -> tuple[Contents, Provided]:
    contents = read_folder(files, unread)
    return contents, provided_of(contents, _texts(contents, files))


def _texts(contents: Contents, files: Sequence[File]) -> dict[str, str]:
    """Return the source line of each resource."""
    lines = {file.name: file.text.splitlines() for file in files}
    texts = {}
    for held in contents.nodes.values():
        for one in held.resources.values():
            name, _, line = one.origin.rpartition(":")
            texts[one.origin] = lines[name][int(line) - 1].strip()
    return texts


def _checked(compiler: partial[Compiled], controller: Controller, allow_shrink: bool) -> Compiled:
    held = controller.holds
    new = compiler(
        held.text,
        held.compilation.allocations,
        controller.state.ports,
        before=held,
    )
    check_references(held.targets, new.targets)
    if not allow_shrink:
        check_kept(held.targets, new.targets)
    return new
