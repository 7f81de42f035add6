"""Commands on a switch: FRR's tools and iproute2, in the switch's namespace and under its name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xds_server.southbound.standard_input import standard_input

PATIENCE = 120.0  # seconds for one command; a reload of hundreds of VNIs takes tens


class SwitchUnavailableError(Exception):
    """The switch cannot be worked on now; nothing is wrong with the configuration."""


@dataclass(frozen=True, slots=True)
class FrrPaths:
    """Where one FRR instance lives; the defaults are those of Debian's package.

    ``vty`` is the directory of the daemons' sockets, ``conf`` the one of ``frr.conf``, ``run`` one
    for short-lived files, readable by FRR's user.
    """

    vty: Path = Path("/var/run/frr")
    conf: Path = Path("/etc/frr")
    run: Path = Path("/var/run/frr")
    bin: Path = Path("/usr/bin")
    reload: Path = Path("/usr/lib/frr/frr-reload.py")

    @classmethod
    def private(cls, directory: Path) -> FrrPaths:
        """Return the paths of an instance that keeps everything in one directory."""
        return cls(vty=directory, conf=directory, run=directory)

    def vtysh(self, *arguments: str) -> tuple[str, ...]:
        """Return a vtysh command line for this instance."""
        vtysh = str(self.bin / "vtysh")
        return (vtysh, "--vty_socket", str(self.vty), "--config_dir", str(self.conf), *arguments)

    def frr_reload(self, *arguments: str) -> tuple[str, ...]:
        """Return a frr-reload.py command line for this instance."""
        return (
            str(self.reload),
            "--stdout",
            *("--bindir", str(self.bin)),
            *("--vty_socket", str(self.vty)),
            *("--confdir", str(self.conf)),
            *("--rundir", str(self.run)),
            *arguments,
        )


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def printed(self) -> str:
        """Everything that it printed, standard output first."""
        return f"{self.out}\n{self.err}"


@dataclass(frozen=True, slots=True)
class SwitchCommands:
    """Runs commands on one switch; ``namespace`` names a network namespace, None for our own."""

    switch: str
    namespace: str | None = None

    async def run(self, argv: Sequence[str], *, text: str = "") -> Done:
        """Run a command to its end; raises SwitchUnavailableError when it is missing or hangs."""
        command = [*self._prefix(), *argv]
        pipe = asyncio.subprocess.PIPE
        try:
            with standard_input(text) as given:
                process = await asyncio.create_subprocess_exec(
                    *command, stdin=given, stdout=pipe, stderr=pipe
                )
        except OSError as error:
            raise SwitchUnavailableError(f"{self.switch}: cannot run {argv[0]}: {error}") from error
        return await self._finish(process, argv)

    async def _finish(self, process: asyncio.subprocess.Process, argv: Sequence[str]) -> Done:
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        except TimeoutError as error:
            raise SwitchUnavailableError(
                f"{self.switch}: {argv[0]} did not end within {PATIENCE:.0f} s"
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        code = -1 if process.returncode is None else process.returncode
        return Done(code, out.decode(errors="replace"), err.decode(errors="replace"))

    async def frr(self, argv: Sequence[str]) -> Done:
        """Run one of FRR's tools in a UTS namespace where the machine has the switch's name.

        vtysh puts the machine's name into the running configuration, so that otherwise a reload
        would never find an empty difference.
        """
        named = ("sh", "-c", 'hostname "$0" && exec "$@"', self.switch)
        return await self.run(["unshare", "--uts", "--", *named, *argv])

    def _prefix(self) -> tuple[str, ...]:
        if self.namespace is None:
            return ()
        return ("nsenter", f"--net=/run/netns/{self.namespace}", "--")
