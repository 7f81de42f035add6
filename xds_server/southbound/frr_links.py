"""A switch's Linux devices by iproute2: read as JSON, changed in one batch, only what differs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from xds_server.protocols.fabric import links
from xds_server.protocols.fabric.devices import LinkTextError, Seen, seen_from
from xds_server.protocols.fabric.links import LinkState
from xds_server.protocols.fabric.transaction import Applied, Fault
from xds_server.southbound.frr_commands import SwitchCommands, SwitchUnavailableError

_BATCH_FAULT = re.compile(r"(?:Error: )?(.+?)\.?\nCommand failed -:(\d+)")


@dataclass(frozen=True, slots=True)
class SwitchLinks:
    """The devices of one switch."""

    commands: SwitchCommands

    async def seen(self) -> tuple[Seen, ...]:
        """Return every device as it is, in name order."""
        shown = {raw["ifname"]: raw for raw in await self._show("link")}
        for raw in await self._show("address"):  # which leaves out what ``link`` alone prints
            shown.setdefault(raw["ifname"], {}).update(raw)
        return tuple(sorted(seen_from(raw) for raw in shown.values()))

    async def _show(self, what: str) -> list[dict[str, Any]]:
        done = await self.commands.run(["ip", "-json", "-details", what, "show"])
        if done.code:
            raise SwitchUnavailableError(f"{self.commands.switch}: ip {what}: {done.err.strip()}")
        return [raw for raw in json.loads(done.out) if raw]

    async def sysctls(self, wanted: LinkState) -> dict[str, str]:
        """Return the present values of the wanted kernel variables; absent ones are left out."""
        keys = [key for key, _ in wanted.sysctls]
        if not keys:
            return {}
        done = await self.commands.run(["sysctl", "-e", *keys])
        pairs = (line.split(" = ", 1) for line in done.out.splitlines() if " = " in line)
        return {key: value.strip() for key, value in pairs}

    async def held(self, wanted: LinkState) -> LinkState:
        """Return what is ours now, with the variables that ``wanted`` would change."""
        sysctls = await self.sysctls(wanted)
        return links.held(self.commands.switch, await self.seen(), sysctls)

    async def difference(self, wanted: LinkState) -> tuple[str, ...]:
        """Return the commands that are still to be run; empty when all is as wanted.

        Raises LinkTextError where another's device is in the way.
        """
        sysctls = links.sysctl_changes(wanted, await self.sysctls(wanted))
        return (*sysctls, *links.changes(wanted, await self.seen()))

    async def absent(self, wanted: LinkState) -> tuple[str, ...]:
        """Return the wanted interfaces that nobody has plugged in."""
        return links.absent(wanted, await self.seen())

    async def apply(self, wanted: LinkState) -> Applied:
        """Bring the devices about; the first command that fails is the fault."""
        try:
            lines = links.changes(wanted, await self.seen())
        except LinkTextError as error:
            return Applied(0, Fault(str(error)))
        sysctls = links.sysctl_changes(wanted, await self.sysctls(wanted))
        if sysctls:
            done = await self.commands.run(["sysctl", "-q", "-w", *sysctls])
            if done.code:
                return Applied(0, Fault(f"sysctl: {done.err.strip()}", sysctls[0]))
        fault = await self._batch(lines)
        return Applied(len(sysctls) + len(lines), fault)

    async def _batch(self, lines: tuple[str, ...]) -> Fault | None:
        if not lines:
            return None
        done = await self.commands.run(["ip", "-batch", "-"], text="\n".join(lines) + "\n")
        if done.code == 0:
            return None
        found = _BATCH_FAULT.search(done.err)
        if found is None:
            return Fault(f"ip -batch: {done.err.strip()}")
        return Fault(f"ip: {found[1]}", lines[int(found[2]) - 1])
