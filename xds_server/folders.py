"""The folders that a server watches, put together: plain resources, and who is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from translators.diagnostics import Diagnostic
from xds_server.controller.errors import ControllerError, MachineError, RefusedError
from xds_server.controller.health_checks import Checkers
from xds_server.controller.providing import FolderState, Providing, Verdict
from xds_server.controller.secret_checks import Secret
from xds_server.controller.secret_set import SecretSet, renewed
from xds_server.controller.service import Controller
from xds_server.protocols.xds.secrets import SecretKeeper
from xds_server.store.folder import Look, changes, look, read_files, unread_folders
from xds_server.store.secret_files import read_secrets

_log = structlog.get_logger("fsdn.folders")


@dataclass(slots=True)
class ResourceFolder:
    """A folder of plain Envoy resources, whose last good set is served."""

    path: Path
    providing: Providing
    seen: Look = ()

    async def open(self) -> None:
        """Serve what the folder holds. Raises MachineError where it cannot be served whole."""
        try:
            await self.reload()
        except RefusedError as error:
            found = "; ".join(str(one) for one in error.diagnostics)
            raise MachineError(f"the resources in {self.path} are refused: {found}") from error
        except ControllerError as error:
            raise MachineError(f"cannot serve the resources in {self.path}: {error}") from error

    async def reload(self, *, allow_shrink: bool = False) -> FolderState:
        """Serve what the folder holds now; raises as Providing.provide does."""
        self.seen = await asyncio.to_thread(look, self.path)
        try:
            files = await asyncio.to_thread(read_files, self.path)
            unread = await asyncio.to_thread(unread_folders, self.path)
        except MachineError as error:
            self.providing.refuse(error)
            raise
        state = await self.providing.provide(files, unread, allow_shrink=allow_shrink)
        told = {"resources": state.count, "nodes": state.nodes, "checkers": state.checkers}
        _log.info("serving", folder=str(self.path), **told)
        _tell(state.findings)
        return state

    async def watch(self) -> None:
        """Serve every change, until cancelled; one that is refused is logged and shown."""
        async for _ in changes(self.path, self.seen):
            try:
                await self.reload()
            except RefusedError as error:
                _log.error("refused: the last good set stays served", folder=str(self.path))
                _tell(error.diagnostics)
            except (ControllerError, MachineError) as error:
                _log.error("refused", folder=str(self.path), reason=str(error))


@dataclass(slots=True)
class SecretFolder:
    """A folder of secrets: each is served to its owner, as it was last sound."""

    path: Path
    keeper: SecretKeeper
    key: bytes = field(repr=False)  # that versions are made with
    clock: Callable[[], float]
    owning: Callable[[frozenset[str]], None] = lambda _: None  # told whose secrets there are
    held: SecretSet = field(default=SecretSet(), repr=False)
    seen: Look = ()
    at: float = 0.0
    error: str = ""

    async def reload(self) -> None:
        """Serve what the folder holds now. Raises MachineError where it cannot be read at all."""
        self.seen, self.at = await asyncio.to_thread(look, self.path), self.clock()
        try:
            found = await asyncio.to_thread(read_secrets, self.path)
        except MachineError as error:
            self.error = str(error)
            raise
        self.error, self.held = "", await asyncio.to_thread(renewed, self.held, found, self.key)
        self.keeper.set_secrets(self.held.owned())
        self.owning(frozenset(one.owner for one in self.held.secrets))
        _log.info("serving", folder=str(self.path), secrets=len(self.held.secrets))
        _tell((*self.held.findings, *self.held.warnings(self.at)))

    async def watch(self) -> None:
        """Serve every change, until cancelled; what is refused is logged and shown."""
        async for _ in changes(self.path, self.seen):
            try:
                await self.reload()
            except MachineError as error:
                _log.error("refused", folder=str(self.path), reason=str(error))

    @property
    def state(self) -> FolderState:
        """What came of the last reading, and which certificates run out."""
        held, path = self.held, str(self.path)
        state = Verdict.REFUSED if held.findings or self.error else Verdict.SERVED
        findings = (*held.findings, *held.warnings(self.clock()))
        count, nodes = len(held.secrets), len({one.owner for one in held.secrets})
        return FolderState("secrets", path, state, self.at, count, nodes, self.error, findings)


@dataclass(slots=True)
class Folders:
    """Every folder that the server watches."""

    resources: ResourceFolder | None = None
    secrets: SecretFolder | None = None

    async def open(self) -> None:
        """Serve what the folders hold. Raises MachineError where one cannot be served whole."""
        if self.resources is not None:
            await self.resources.open()
        if self.secrets is not None:
            await self.secrets.reload()

    async def watch(self) -> None:
        """Serve every change of a folder, until cancelled."""
        kept = [one.watch() for one in (self.resources, self.secrets) if one is not None]
        await asyncio.gather(*kept)

    def states(self) -> tuple[FolderState, ...]:
        """Return what came of the last reading of each folder."""
        found = [] if self.resources is None else [self.resources.providing.state]
        return (*found, *(() if self.secrets is None else (self.secrets.state,)))

    def secrets_of(self, node: str) -> tuple[Secret, ...]:
        """Return what may be shown of a node's secrets."""
        return () if self.secrets is None else self.secrets.held.of(node)

    def expiries(self) -> tuple[tuple[str, str, float], ...]:
        """Return owner, name and end of every certificate that is served."""
        held = () if self.secrets is None else self.secrets.held.secrets
        return tuple((one.owner, one.name, one.expires) for one in held if one.expires is not None)

    def text(self, origin: str) -> str:
        """Return the line of a folder's file that a resource is because of."""
        return (
            ""
            if self.resources is None
            else self.resources.providing.provided.texts.get(origin, "")
        )


def resource_folder(
    path: Path | None, controller: Controller, checkers: Checkers
) -> ResourceFolder | None:
    """Return the folder of plain resources, if there is one; ``checkers`` do what it says."""
    if path is None:
        return None
    return ResourceFolder(path, Providing(controller, str(path), checkers))


def secret_folder(
    path: Path | None,
    keeper: SecretKeeper,
    key: Callable[[], bytes],
    clock: Callable[[], float],
    owning: Callable[[frozenset[str]], None] = lambda _: None,
) -> SecretFolder | None:
    """Return the folder of secrets, if there is one; the ``key`` is only asked for then."""
    return None if path is None else SecretFolder(path, keeper, key(), clock, owning)


def _tell(findings: tuple[Diagnostic, ...]) -> None:
    for one in findings:
        _log.warning("finding", code=one.code, place=f"{one.file}:{one.line}", text=str(one))
