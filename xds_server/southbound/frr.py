"""One FRR switch, changed by FRR's own tools and iproute2 under the transaction machine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xds_server.protocols.fabric import links, vtysh
from xds_server.protocols.fabric.devices import LinkTextError
from xds_server.protocols.fabric.transaction import (
    Applied,
    Apply,
    Check,
    Checked,
    Effect,
    Event,
    Fault,
    Held,
    Hold,
    Transaction,
    Verified,
    Verify,
    Wanted,
    step,
)
from xds_server.snapshots.evidence import Acked, Nacked
from xds_server.snapshots.model import SwitchConfig, content_version
from xds_server.southbound.frr_commands import (
    Done,
    FrrPaths,
    SwitchCommands,
    SwitchUnavailableError,
)
from xds_server.southbound.frr_links import SwitchLinks

_EFFECTS = (Check, Hold, Apply, Verify)
_BATCH = 16  # removals from which one vtysh for all beats frr-reload's one vtysh for each


@dataclass(frozen=True, slots=True)
class FrrSwitch:
    """A switch that runs FRR, on this machine or in one of its network namespaces."""

    name: str
    paths: FrrPaths = field(default_factory=FrrPaths)
    namespace: str | None = None
    clock: Callable[[], float] = time.time

    async def apply(self, config: SwitchConfig) -> Acked | Nacked:
        """Run one transaction to its end and return its evidence.

        Raises SwitchUnavailableError while FRR is not running: then nothing has been touched.
        """
        await self.require_daemons()
        change, outputs = step(Transaction(self.name), Wanted(config), self.clock())
        while True:
            effects = [output for output in outputs if isinstance(output, _EFFECTS)]
            for evidence in outputs:
                if isinstance(evidence, Acked | Nacked):
                    return evidence
            event = await self.perform(effects[0], config)
            change, outputs = step(change, event, self.clock())

    async def perform(self, effect: Effect, config: SwitchConfig) -> Event:
        """Do what the machine asks; ``config`` is the one that the change is about."""
        if isinstance(effect, Check):
            return Checked(await self._check(effect.config))
        if isinstance(effect, Hold):
            return Held(await self.held(config))
        if isinstance(effect, Apply):
            return await self._apply(effect.config)
        return Verified(await self.difference(effect.config))

    async def require_daemons(self) -> None:
        """Raise SwitchUnavailableError, with the mend, unless zebra, bgpd and bfdd answer."""
        done = await self._commands.frr(self.paths.vtysh("-c", "show daemons"))
        missing = vtysh.missing_daemons(done.out)
        if missing:
            raise SwitchUnavailableError(
                f"{self.name}: {', '.join(missing)} of FRR does not answer in {self.paths.vty}; "
                "enable it in FRR's `daemons` file and start FRR"
            )

    async def show(self, command: str) -> str:
        """Return what vtysh prints; raises SwitchUnavailableError when it cannot connect."""
        done = await self._commands.frr(self.paths.vtysh("-c", command))
        if done.code:
            raise SwitchUnavailableError(f"{self.name}: vtysh: {done.printed.strip()}")
        return done.out

    async def running(self) -> str:
        """Return FRR's running configuration, as it could be applied again."""
        return vtysh.running_config(await self.show("show running-config no-header"))

    async def held(self, config: SwitchConfig) -> SwitchConfig:
        """Return a snapshot: what runs now, with the kernel variables that ``config`` names."""
        frr = await self.running()
        devices = links.render(await self._links.held(links.parse(config.links)))
        version = content_version(frr.encode(), devices.encode())
        return SwitchConfig(self.name, frr, devices, version)

    async def difference(self, config: SwitchConfig) -> tuple[str, ...]:
        """Return what is not as wanted, a line each: devices first, then FRR's statements."""
        try:
            devices = await self._links.difference(links.parse(config.links))
        except LinkTextError as error:  # another's device has taken the place of ours
            devices = (str(error),)
        return (*devices, *(await self._frr_difference(config.frr)).lines)

    async def absent(self, config: SwitchConfig) -> tuple[str, ...]:
        """Return the interfaces that the configuration names and the machine lacks."""
        return await self._links.absent(links.parse(config.links))

    @property
    def _commands(self) -> SwitchCommands:
        return SwitchCommands(self.name, self.namespace)

    @property
    def _links(self) -> SwitchLinks:
        return SwitchLinks(self._commands)

    async def _check(self, config: SwitchConfig) -> Fault | None:
        try:
            state = links.parse(config.links)
            await self._links.difference(state)
        except LinkTextError as error:
            return Fault(str(error))
        if state.switch != self.name:
            return Fault(f"the devices are those of {state.switch}, not of {self.name}")
        async with self._file(config.frr) as path:
            done = await self._commands.frr(self.paths.vtysh("-C", "-f", str(path)))
        if done.code == 0:
            return None
        said = vtysh.check_fault(done.printed, config.frr)
        return said or Fault(f"vtysh -C: {done.printed.strip()}")

    async def _apply(self, config: SwitchConfig) -> Applied:
        """Devices first: a VNI that FRR is told of should be there."""
        devices = await self._links.apply(links.parse(config.links))
        if devices.fault is not None:
            return devices
        frr = await self._reload(config.frr)
        return Applied(devices.written + frr.written, frr.fault)

    async def _frr_difference(self, text: str) -> vtysh.Difference:
        async with self._file(text) as path:
            done = await self._commands.frr(self.paths.frr_reload("--test", str(path)))
        if "ERROR" in done.err:
            raise SwitchUnavailableError(f"{self.name}: frr-reload.py --test: {_errors(done)}")
        return vtysh.difference(done.out)

    async def _reload(self, text: str) -> Applied:
        found = await self._frr_difference(text)
        if not found.lines:
            return Applied()
        if len(found.remove) >= _BATCH:
            await self._remove(found.remove)
        async with self._file(text) as path:
            done = await self._commands.frr(self.paths.frr_reload("--reload", str(path)))
        fault = vtysh.reload_fault(done.printed)
        if fault is None and done.code:
            fault = Fault(f"frr-reload.py --reload: {_errors(done)}")
        return Applied(len(found.lines), fault)

    async def _remove(self, blocks: tuple[str, ...]) -> None:
        """Remove in one go; what FRR would not take so is left to the reload that follows."""
        async with self._file("\n".join([*blocks, ""])) as path:
            await self._commands.frr(self.paths.vtysh("-f", str(path)))

    @asynccontextmanager
    async def _file(self, text: str) -> AsyncIterator[Path]:
        """A short-lived file for FRR's tools, readable by root and the directory's owner."""
        handle, name = tempfile.mkstemp(prefix="fsdn-", suffix=".conf", dir=self.paths.run)
        path = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
            yield path
        finally:
            path.unlink()


def _errors(done: Done) -> str:
    lines = [line for line in done.printed.splitlines() if "ERROR" in line or "WARNING" in line]
    return " ".join(lines) or done.printed.strip()[-500:]
