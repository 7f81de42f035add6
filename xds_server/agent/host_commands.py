"""The plain commands that prepare a host: its proxy's namespace, its bridge and its controllers.

Capture without iptables, as it was measured on Open vSwitch 3.1 and Envoy 1.40: the bridge leads
packets to the proxy's port with their IP addresses untouched. In the proxy's namespace a routing
rule takes everything that comes in by ``eth0`` as local, so that a transparent listener on the
service's own address accepts it, and so do the answers that servers send to the *client's* address,
from which the proxy speaks to them. What the proxy sends has a permanent neighbour, the virtual
gateway: the namespace has no address of its own and asks for none.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum

from translators.envoy.bootstrap import TlsPaths
from xds_server.protocols.ovsdb.preparing import ASKED

PROXY_MAC = "02:fd:00:00:00:02"
GATEWAY_MAC = "02:fd:00:00:00:01"
TABLE = 177  # the routing table that takes every address as local
NEXT_HOPS = ("169.254.177.1", "fe80::fd:1")  # link-local: never on a wire, only in neighbour tables


class Datapath(StrEnum):
    """Where Open vSwitch forwards: in its own process, or in the kernel."""

    NETDEV = "netdev"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments; not run where the shell condition ``unless`` already holds."""

    argv: tuple[str, ...]
    unless: str = ""

    def __str__(self) -> str:
        line = shlex.join(self.argv)
        return f"{self.unless} || {line}" if self.unless else line


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the server says about a host (GET /v1/hosts/{name}); ``mtu`` in bytes."""

    name: str
    bridge: str
    datapath_id: int
    proxy_port: str
    tunnel_port: str
    tunneled: bool
    mtu: int


@dataclass(frozen=True, slots=True)
class Controllers:
    """Where the bridge's OpenFlow and the database's OVSDB go: ``tcp:ADDRESS:PORT``, ``ssl:``."""

    openflow: str
    ovsdb: str
    tls: TlsPaths | None = None  # by which Open vSwitch proves itself, for ``ssl:``


def commands(
    facts: HostFacts, controllers: Controllers, namespace: str, datapath: Datapath
) -> tuple[Command, ...]:
    """Return all that prepares a host, in order; running it twice changes nothing."""
    return (
        *_namespace(facts, namespace),
        *_capture(namespace, datapath),
        *_bridge(facts, datapath),
        *_identity(controllers),
        *_point(facts.bridge, controllers),
    )


def _command(line: str, unless: str = "") -> Command:
    return Command(tuple(line.split()), unless)


def _namespace(facts: HostFacts, namespace: str) -> tuple[Command, ...]:
    """The proxy's namespace and the cable from it to the bridge."""
    port = facts.proxy_port
    return (
        _command(f"ip netns add {namespace}", f"test -e /run/netns/{namespace}"),
        _command(f"ip -n {namespace} link set lo up"),
        _command(
            f"ip link add {port} type veth peer name eth0 netns {namespace}",
            f"ip link show {port} >/dev/null 2>&1",
        ),
        _command(f"ip link set {port} mtu {facts.mtu} up"),
        _command(f"ip -n {namespace} link set eth0 address {PROXY_MAC} mtu {facts.mtu} up"),
    )


def _capture(namespace: str, datapath: Datapath) -> tuple[Command, ...]:
    """Every address that comes in is local; everything goes out to the virtual gateway."""
    inside = f"nsenter --net=/run/netns/{namespace} --"
    settings = (
        "net.ipv4.conf.all.rp_filter=0",
        "net.ipv4.conf.eth0.rp_filter=0",
        "net.ipv4.conf.all.arp_ignore=8",  # or it would answer ARP for all of its neighbours
        "net.ipv6.conf.eth0.accept_ra=0",
        "net.ipv6.conf.eth0.accept_dad=0",
    )
    steps = [_command(f"{inside} sysctl -qw {' '.join(settings)}")]
    if datapath is Datapath.NETDEV:
        # A bridge in user space carries bytes as they are: checksums must be there already.
        steps.append(_command(f"{inside} ethtool -K eth0 tx off"))
    for option, hop in zip(("-4", "-6"), NEXT_HOPS, strict=True):
        ip = f"ip {option} -n {namespace}"
        steps += [
            _command(
                f"{ip} rule add iif eth0 lookup {TABLE} priority {TABLE}",
                f"{ip} rule show | grep -q 'lookup {TABLE}'",
            ),
            _command(f"{ip} route replace local default dev lo table {TABLE}"),
            _command(f"{ip} neigh replace {hop} lladdr {GATEWAY_MAC} dev eth0 nud permanent"),
            _command(f"{ip} route replace default via {hop} dev eth0 onlink"),
        ]
    return tuple(steps)


def _bridge(facts: HostFacts, datapath: Datapath) -> tuple[Command, ...]:
    """The bridge, closed while nobody controls it, with the proxy's and the tunnel's ports."""
    bridge = facts.bridge
    steps = [
        _command(
            f"ovs-vsctl --may-exist add-br {bridge} -- set bridge {bridge} fail_mode=secure"
            f" datapath_type={datapath} other_config:datapath-id={facts.datapath_id:016x}"
            " other_config:disable-in-band=true"
        ),
        _command(f"ovs-vsctl --may-exist add-port {bridge} {facts.proxy_port}"),
    ]
    if facts.tunneled:
        steps.append(
            _command(
                f"ovs-vsctl --may-exist add-port {bridge} {facts.tunnel_port}"
                f" -- set interface {facts.tunnel_port} type=vxlan"
                " options:key=flow options:remote_ip=flow"
            )
        )
    return tuple(steps)


def _identity(controllers: Controllers) -> tuple[Command, ...]:
    """The vswitch's certificate, before the controllers that ask for it (ovs-vsctl(8), SSL)."""
    tls = controllers.tls
    if tls is None or not f"{controllers.openflow} {controllers.ovsdb}".count("ssl:"):
        return ()
    lines = (
        f"Private key: {tls.key}",
        f"Certificate: {tls.certificate}",
        f"CA Certificate: {tls.authority}",
    )
    holds = " && ".join(f"ovs-vsctl get-ssl | grep -qxF {shlex.quote(line)}" for line in lines)
    argv = ("ovs-vsctl", "set-ssl", tls.key, tls.certificate, tls.authority)
    return (Command(argv, f"{{ {holds}; }}"),)


def _point(bridge: str, controllers: Controllers) -> tuple[Command, ...]:
    """The controllers last: a bridge that gets its first one forgets its flows."""
    openflow, ovsdb = controllers.openflow, controllers.ovsdb
    return (
        _command(
            f"ovs-vsctl set-controller {bridge} {openflow}",
            f'test "$(ovs-vsctl get-controller {bridge})" = {openflow}',
        ),
        _command(f"ovs-vsctl set controller {bridge} controller_rate_limit={ASKED}"),
        _command(
            f"ovs-vsctl set-manager {ovsdb}",
            f"ovs-vsctl get-manager | grep -qxF {ovsdb}",
        ),
    )
