"""One input in two languages: ten groups of ten workloads, each policy from one group to another.

Every policy has three TCP ports of its own, so that no two of them are the same flow.
"""

from __future__ import annotations

WORKLOADS = 100
GROUPS = WORKLOADS // 10
PORTS = {f"w{n}": n for n in range(1, WORKLOADS + 1)}  # interface name to OpenFlow port

NOUNS = """\
apiVersion: fsdn/v1
kind: Tenant
metadata: {name: bench}
spec: {default: deny}
---
apiVersion: fsdn/v1
kind: Segment
metadata: {name: lan, tenant: bench}
spec: {vni: 10, subnets: [10.0.0.0/16]}
---
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec: {bridge: br-int, datapathId: "0000000000000001"}
"""

WORKLOAD = """\
apiVersion: fsdn/v1
kind: Workload
metadata: {{name: w{n}, tenant: bench, labels: {{group: "g{group}"}}}}
spec:
  {{segment: lan, addresses: [{address}], mac: "{mac}", host: host1, port: w{n}}}
"""

POLICY = """\
apiVersion: fsdn/v1
kind: Policy
metadata: {{name: p{n}, tenant: bench}}
spec:
  from: [{{labels: {{group: "g{source}"}}}}]
  to: [{{labels: {{group: "g{target}"}}}}]
  rules: [{{match: {{tcp: {{ports: [{ports}]}}}}, action: allow}}]
"""


def mac(n: int) -> str:
    """Return a workload's MAC address."""
    return f"02:00:00:00:00:{n:02x}"


def address(n: int, moved: int = 0) -> str:
    """Return a workload's address; each ``moved`` is another one."""
    return f"10.0.{1 + moved}.{n}"


def ends(n: int) -> tuple[int, int]:
    """Return the source and destination group of a policy."""
    return n % GROUPS, n // GROUPS % GROUPS


def ports(n: int, shift: int = 0) -> str:
    """Return a policy's TCP ports; each ``shift`` is another set than the last."""
    return ", ".join(str(3 * n + 1 + one + 2000 * (shift % 30)) for one in range(3))


def workload(n: int, moved: int = 0) -> str:
    """Return a workload, from 1."""
    where = address(n, moved)
    return WORKLOAD.format(n=n, group=n % GROUPS, address=where, mac=mac(n))


def policy(n: int, shift: int = 0) -> str:
    """Return a policy, from 0."""
    source, target = ends(n)
    return POLICY.format(n=n, source=source, target=target, ports=ports(n, shift))


def text(policies: int) -> str:
    """Return everything in our language."""
    workloads = [workload(n) for n in range(1, WORKLOADS + 1)]
    return "---\n".join((NOUNS, *workloads, *(policy(n) for n in range(policies))))


def ovn_network() -> list[list[str]]:
    """Return the ``ovn-nbctl`` commands for the workloads, their groups and the default denial."""
    commands = [["ls-add", "lan"]]
    for n in range(1, WORKLOADS + 1):
        commands.append(["lsp-add", "lan", f"w{n}"])
        commands.append(ovn_workload(n))
    for group in range(GROUPS):
        members = [f"w{n}" for n in range(1, WORKLOADS + 1) if n % GROUPS == group]
        commands.append(["pg-add", f"g{group}", *members])
    commands.append(["pg-add", "all", *PORTS])
    commands.append(["acl-add", "all", "to-lport", "1", "outport == @all && ip", "drop"])
    return commands


def ovn_workload(n: int, moved: int = 0) -> list[str]:
    """Return the command that gives a workload its addresses."""
    return ["lsp-set-addresses", f"w{n}", f"{mac(n)} {address(n, moved)}"]


def ovn_policy(n: int, shift: int = 0) -> list[str]:
    """Return the command that adds a policy."""
    return ["acl-add", f"g{ends(n)[1]}", "to-lport", "1000", _ovn_match(n, shift), "allow-related"]


def ovn_no_policy(n: int, shift: int = 0) -> list[str]:
    """Return the command that deletes it again."""
    return ["acl-del", f"g{ends(n)[1]}", "to-lport", "1000", _ovn_match(n, shift)]


def _ovn_match(n: int, shift: int) -> str:
    source, target = ends(n)
    return (
        f"outport == @g{target} && ip4 && ip4.src == $g{source}_ip4"
        f" && tcp.dst == {{{ports(n, shift)}}}"
    )
