"""What the switch agent cannot do without: refused at its start, in one sentence with the mend."""

from __future__ import annotations

import os
import shutil

from xds_server.southbound.frr_commands import FrrPaths


class SwitchAgentError(Exception):
    """The switch agent cannot begin; the message is for its operator."""


def check_means(paths: FrrPaths) -> None:
    """Raise SwitchAgentError where waiting would not help: no privilege, or no program.

    FRR's daemons may start later than the agent: those are waited for.
    """
    if os.geteuid() != 0:
        raise SwitchAgentError("the switch agent changes devices and FRR: run it as root")
    needed = (
        ("ip", "iproute2"),
        ("bridge", "iproute2"),
        ("unshare", "util-linux"),
        (str(paths.bin / "vtysh"), "frr"),
        (str(paths.reload), "frr-pythontools"),
    )
    for program, package in needed:
        if shutil.which(program) is None:
            raise SwitchAgentError(f"{program} is not installed: install the package {package}")
