"""The folders that a server watches, put together: plain resources, and who is told of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from translators.diagnostics import Diagnostic
from xds_server.controller.errors import ControllerError, MachineError, RefusedError
from xds_server.controller.providing import FolderState, Providing
from xds_server.controller.service import Controller
from xds_server.store.folder import Look, changes, look, read_files

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
        except MachineError as error:
            self.providing.refuse(error)
            raise
        state = await self.providing.provide(files, allow_shrink=allow_shrink)
        _log.info("serving", folder=str(self.path), resources=state.count, nodes=state.nodes)
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
class Folders:
    """Every folder that the server watches."""

    resources: ResourceFolder | None = None

    async def open(self) -> None:
        """Serve what the folders hold. Raises MachineError where one cannot be served whole."""
        if self.resources is not None:
            await self.resources.open()

    async def watch(self) -> None:
        """Serve every change of a folder, until cancelled."""
        if self.resources is not None:
            await self.resources.watch()

    def states(self) -> tuple[FolderState, ...]:
        """Return what came of the last reading of each folder."""
        return () if self.resources is None else (self.resources.providing.state,)

    def text(self, origin: str) -> str:
        """Return the line of a folder's file that a resource is because of."""
        return (
            ""
            if self.resources is None
            else self.resources.providing.provided.texts.get(origin, "")
        )


def resource_folder(path: Path | None, controller: Controller) -> ResourceFolder | None:
    """Return the folder of plain resources, if there is one."""
    return None if path is None else ResourceFolder(path, Providing(controller, str(path)))


def _tell(findings: tuple[Diagnostic, ...]) -> None:
    for one in findings:
        _log.warning("finding", code=one.code, place=f"{one.file}:{one.line}", text=str(one))
