"""What an engine changes in the machine's network and leaves when it ends, and how to undo it.

An engine adds chains and rules to iptables, a bridge, and kernel variables. What it changed is told
by a comparison with the network before; what others changed meanwhile stays as it is.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

LINK = re.compile(r"docker0|br-[0-9a-f]{12}")  # the bridges that Docker makes
MARK = re.compile(rf"(?<=\s)(DOCKER[\w-]*|{LINK.pattern})(?=\s|$)")
FAMILIES = ("iptables", "ip6tables")
VARIABLES = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv6/conf/default/forwarding",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
)
KERNEL = Path("/proc/sys")


@dataclass(frozen=True, slots=True)
class Network:
    """The machine's network, as far as an engine changes it.

    ``links`` are Docker's bridges, ``variables`` are below ``/proc/sys``, and ``tables`` is what
    ``iptables-save`` says of each family.
    """

    links: tuple[str, ...]
    variables: Mapping[str, str]
    tables: Mapping[str, str]


def observe() -> Network:
    """Return the network as it is; a family of iptables that is not installed is left out."""
    told = json.loads(_run("ip", "-j", "link"))
    links = tuple(sorted(one["ifname"] for one in told if LINK.fullmatch(one["ifname"])))
    variables = {n: (KERNEL / n).read_text().strip() for n in VARIABLES if (KERNEL / n).exists()}
    families = [family for family in FAMILIES if shutil.which(f"{family}-save")]
    return Network(links, variables, {family: _run(f"{family}-save") for family in families})


def stored(network: Network) -> str:
    """Return a network as JSON, to be kept while an engine runs."""
    return json.dumps(asdict(network), indent=1)


def recalled(text: str) -> Network:
    """Return the network that ``stored`` made this of."""
    told = json.loads(text)
    return Network(tuple(told["links"]), told["variables"], told["tables"])


def put_back(before: Network) -> None:
    """Undo what an engine changed since ``before``; it must have ended."""
    now = observe()
    for family, saved in now.tables.items():
        if script := undone(before.tables.get(family, ""), saved):
            _run(f"{family}-restore", "--noflush", text=script)
    for link in sorted(set(now.links) - set(before.links)):
        _run("ip", "link", "del", link)
    for name, value in now.variables.items():
        # A variable that was not there came with its kernel module, without which it is off.
        if value != (was := before.variables.get(name, "0")):
            (KERNEL / name).write_text(was)


@dataclass(slots=True)
class _Table:
    """One table of iptables: the policy of each chain ("-": it has none), and the rules."""

    policies: dict[str, str] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)

    @property
    def docker_chains(self) -> set[str]:
        return {chain for chain in self.policies if chain.startswith("DOCKER")}


def undone(before: str, after: str) -> str:
    """Return what ``iptables-restore --noflush`` reads to take Docker's chains and rules out again.

    Both are as ``iptables-save`` prints them. "" if there is nothing of Docker that was not before.
    """
    were, lines = _tables(before), []
    for name, table in _tables(after).items():
        if found := list(_undone(were.get(name, _Table()), table)):
            lines += [f"*{name}", *found, "COMMIT"]
    return "\n".join(lines) + "\n" if lines else ""


def _undone(was: _Table, now: _Table) -> Iterator[str]:
    chains = sorted(now.docker_chains - was.docker_chains)
    policy = was.policies.get("FORWARD", "ACCEPT")
    # The engine that adds its chains is the one that sets the policy, where it turns forwarding on.
    if chains and now.policies.get("FORWARD", policy) != policy:
        yield f":FORWARD {policy} [0:0]"
    for rule in now.rules:
        if rule.split()[1] not in chains and rule not in was.rules and MARK.search(rule):
            yield rule.replace("-A ", "-D ", 1)
    yield from (f"-F {chain}" for chain in chains)
    yield from (f"-X {chain}" for chain in chains)


def _tables(saved: str) -> dict[str, _Table]:
    tables: dict[str, _Table] = {}
    for line in saved.splitlines():
        match line[:1]:
            case "*":
                table = tables[line[1:]] = _Table()
            case ":":
                chain, policy, *_ = line[1:].split()
                table.policies[chain] = policy
            case "-":
                table.rules.append(line)
    return tables


def _run(*argv: str, text: str | None = None) -> str:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
