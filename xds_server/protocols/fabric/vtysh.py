"""What FRR's tools print, understood: vtysh's faults and frr-reload.py's differences.

Exit codes do not suffice: ``frr-reload.py --test`` ends with 0 or 1 for reasons of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xds_server.protocols.fabric.transaction import Fault

NEEDED = ("bfdd", "bgpd", "zebra")
_FAULT = re.compile(r"line (\d+): (.*)")
_DAEMON_SAID = re.compile(r"^% ?(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reload would change, each block with its enclosing context lines."""

    remove: tuple[str, ...] = ()
    add: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The changes on one line each: ``+`` or ``-``, context and statement."""
        marked = [("-", block) for block in self.remove] + [("+", block) for block in self.add]
        return tuple(
            f"{mark} {' / '.join(line.strip() for line in block.splitlines())}"
            for mark, block in marked
        )


def check_fault(printed: str, config: str) -> Fault | None:
    """Return the first fault that ``vtysh -C -f`` printed, with the line of ``config`` it means."""
    found = _FAULT.search(printed)
    if found is None:
        return None
    number = int(found[1])
    lines = config.splitlines()
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    reason = found[2].split(":", 1)[0].removeprefix("%").strip()
    return Fault(f"vtysh refuses line {number}: {_plain(reason)}", f"frr.conf:{number}: {text}")


def reload_fault(printed: str) -> Fault | None:
    """Return the first failure that ``frr-reload.py --reload`` or ``vtysh -f`` printed."""
    found = _FAULT.search(printed)
    if found is None:
        return None
    before = _DAEMON_SAID.findall(printed[: found.start()])
    statement = found[2].rpartition(", line:")[2].strip()
    reason = before[-1].strip() if before else _plain(found[2])
    return Fault(f"FRR refuses a statement: {reason}", statement)


def _plain(reason: str) -> str:
    return re.sub(r"\[\d+\]", "", reason).removeprefix("%").strip().lower()


def difference(printed: str) -> Difference:
    """Return the changes that ``frr-reload.py --test`` printed on its standard output."""
    sections: dict[str, list[list[str]]] = {"Lines To Delete": [], "Lines To Add": []}
    current: list[list[str]] | None = None
    for line in printed.splitlines():
        if line in sections:
            current = sections[line]
        elif current is None or not line.strip() or set(line) == {"="}:
            continue
        elif line[0] == " " and current:
            current[-1].append(line)
        else:
            current.append([line])
    remove, add = (tuple("\n".join(block) for block in blocks) for blocks in sections.values())
    return Difference(remove, add)


def missing_daemons(printed: str) -> tuple[str, ...]:
    """Return the daemons we need that ``show daemons`` does not list."""
    running = set(printed.split())
    return tuple(name for name in NEEDED if name not in running)


def running_config(printed: str) -> str:
    """Return ``show running-config no-header`` as a file that can be applied again.

    The version line is left out, since FRR can neither set nor remove it, and so is ``end``.
    """
    kept = [
        line.rstrip()
        for line in printed.splitlines()
        if line and line != "end" and not line.startswith("frr version ")
    ]
    return "\n".join([*kept, ""])
