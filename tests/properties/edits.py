"""Random changes of a world's documents, each in a file of its own so that it stays put."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from random import Random

from tests.properties.policy_edits import POLICY_EDITS, Edit
from tests.properties.strategies import settle
from tests.properties.worlds import Thing, documents_of, random_things, thing
from translators.compiler.pipeline import NOTHING, compile_policy
from translators.diagnostics import has_errors
from translators.plan.model import Plan
from translators.policy.document import Document

Things = dict[str, Thing]

_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def named(things: list[Thing]) -> Things:
    """Return things by kind, tenant and name: each is a file of its own, so that it stays put."""
    return {
        f"{t['kind']}-{t['metadata'].get('tenant', '')}-{t['metadata']['name']}": t for t in things
    }


def documents(things: Things) -> list[Document]:
    return [d for name, one in things.items() for d in documents_of([one], f"{name}.yaml")]


def _gone(rng: Random, things: Things) -> None:
    del things[rng.choice(sorted(things))]


def _from_elsewhere(rng: Random, things: Things) -> None:
    """Take some documents of another world: new ones, and others of the same names."""
    other = named(random_things(rng))
    for name in rng.sample(sorted(other), rng.randint(1, 3)):
        things[name] = other[name]


def _one(rng: Random, things: Things, kind: str) -> Thing:
    """Return a copy of one of these, in its place; an empty thing where there is none."""
    names = [name for name in sorted(things) if name.startswith(kind)]
    if not names:
        return {"metadata": {}, "spec": {}}
    name = rng.choice(names)
    things[name] = deepcopy(things[name])
    return things[name]


def _names(things: Things, kind: str, tenant: str) -> list[str]:
    found = (one["metadata"] for one in things.values() if one["kind"] == kind)
    return sorted({one["name"] for one in found if one.get("tenant", "") == tenant})


def _of_a_policy(change: Callable[[Edit], None], rng: Random, things: Things) -> None:
    one = _one(rng, things, "Policy-")
    tenant = one["metadata"].get("tenant")
    if tenant is not None:
        workloads, services = _names(things, "Workload", tenant), _names(things, "Service", tenant)
        change(Edit(rng, one, workloads, services))


def _relabelled(rng: Random, things: Things) -> None:
    one = _one(rng, things, "Workload-")
    one["metadata"]["labels"] = {"app": rng.choice("abc"), "version": rng.choice(("v1", "v2"))}


def _readdressed(rng: Random, things: Things) -> None:
    spec = _one(rng, things, "Workload-shop-w")["spec"]
    number = rng.choice((9, 40, 193, 194, 200))  # some of them in the pool of virtual addresses
    spec["addresses"] = [f"10.10.0.{number}", f"fd10:10::{number}"][: rng.randint(1, 2)]


def _moved(rng: Random, things: Things) -> None:
    """Let a workload run on another host, at the port that it has or at another."""
    spec = _one(rng, things, "Workload-")["spec"]
    spec["host"] = rng.choice(("host1", "host2", "host1", "host2", "host3"))
    if rng.randrange(3) == 0:
        spec["port"] = rng.choice(("other", "bare", "iface-id=vm/7"))


def _resegmented(rng: Random, things: Things) -> None:
    """Put a workload into the tenant's other segment, with an address of that."""
    spec = _one(rng, things, "Workload-shop-")["spec"]
    number = {"front": 10, "back": 20}
    there = "back" if spec.get("segment") == "front" else "front"
    spec["segment"], host = there, rng.randint(50, 60)
    spec["addresses"] = [f"10.{number[there]}.0.{host}"]


def _remade(rng: Random, things: Things) -> None:
    """Give a workload another MAC address, or another way to be reached at L7."""
    spec = _one(rng, things, "Workload-")["spec"]
    if rng.randrange(2):
        spec["mac"] = f"02:00:00:00:01:{rng.randint(1, 255):02x}"
    else:
        spec["proxy"] = rng.choice(("node", "node", "none"))


def _drained(rng: Random, things: Things) -> None:
    _one(rng, things, "Workload-shop-w")["spec"]["drain"] = rng.choice((True, False))
    if rng.randrange(2):
        _one(rng, things, "Service-shop")["spec"]["drain"] = [rng.choice(("w1", "w2", "nobody"))]


def _rescaled(rng: Random, things: Things) -> None:
    """Let a service be of other workloads: by labels, or by name."""
    spec = _one(rng, things, "Service-shop")["spec"]
    spec.pop("endpoints", None)
    spec.pop("selector", None)
    if rng.randrange(2):
        spec["selector"] = {"app": rng.choice("abc")}
    else:
        spec["endpoints"] = rng.sample(("w1", "w2", "back", "back2"), rng.randint(1, 3))


def _served_otherwise(rng: Random, things: Things) -> None:
    """Change a port of a service: what is spoken on it, where it leads, or whether it is there."""
    spec = _one(rng, things, "Service-")["spec"]
    ports = spec.setdefault("ports", [])
    way = rng.randrange(4)
    if way == 0 and len(ports) > 1:
        ports.remove(rng.choice(ports))
    elif way == 1 and all(port["name"] != "third" for port in ports):
        ports.append({"name": "third", "port": rng.choice((81, 8081)), "protocol": "tcp"})
    elif ports and way == 2:
        rng.choice(ports)["targetPort"] = rng.choice((80, 8080, 9090))
    elif ports:
        port = rng.choice([port for port in ports if port["protocol"] != "udp"] or [{}])
        port["protocol"] = rng.choice(("http", "http2", "grpc", "tcp"))


def _balanced_otherwise(rng: Random, things: Things) -> None:
    """Change how a service spreads, what it is called, or what becomes of what led to it."""
    spec = _one(rng, things, "Service-")["spec"]
    spec |= rng.choice(
        (
            {"affinity": rng.choice(("none", "client-ip"))},
            {"revoke": rng.choice(("drain", "cut"))},
            {"hostnames": rng.choice(([], ["web.example"], ["other.example", "more.example"]))},
            {"subsets": rng.choice(({}, {"v1": {"version": "v1"}}, {"v2": {"app": "a"}}))},
            {"addresses": [f"10.10.0.{rng.choice((201, 202))}"], "segment": "front"},
        )
    )


def _defaulted(rng: Random, things: Things) -> None:
    _one(rng, things, "Tenant-")["spec"]["default"] = rng.choice(("allow", "deny", "audit"))


def _repeated(rng: Random, things: Things) -> None:
    """Define something once more, in another file, or take such a file away."""
    again = [name for name in things if name.endswith("-again")]
    for name in again:
        del things[name]
    if not again or rng.randrange(2):
        name = rng.choice(sorted(things))
        things[f"{name}-again"] = deepcopy(things[name])


def _rerouted(rng: Random, things: Things) -> None:
    """Move a segment to another router, or away from all."""
    spec = _one(rng, things, "Segment-")["spec"]
    spec["router"] = rng.choice(("main", "side"))
    if rng.randrange(2):
        del spec["router"]


def _renumbered(rng: Random, things: Things) -> None:
    """Change a segment: its identifiers, its size of packets, who answers DHCP."""
    spec = _one(rng, things, "Segment-")["spec"]
    spec |= rng.choice(
        (
            {"vni": rng.randint(20000, 20009)},
            {"vlan": rng.randint(200, 209)},
            {"mtu": rng.choice((1280, 1400, 1500))},
            {"dhcpServer": rng.choice(("w1", "w2", "back"))},
        )
    )
    if rng.randrange(6) == 0:
        spec.pop("dhcpServer", None)


def _rehomed(rng: Random, things: Things) -> None:
    """Give a host the other address of its link to the leaf, or no tunnel."""
    host = _one(rng, things, "Host-")
    number = host["metadata"].get("name", "")[-1:]
    first, second = rng.sample((1, 2), 2)
    gateway = f"10.255.{number}.{second}"
    host["spec"]["tunnel"] = {"address": f"10.255.{number}.{first}/30", "gateway": gateway}
    if rng.randrange(5) == 0:
        del host["spec"]["tunnel"]


def _rebridged(rng: Random, things: Things) -> None:
    """Change a host's bridge: which one it is, its own ports, or its way outside."""
    spec = _one(rng, things, "Host-")["spec"]
    way = rng.randrange(4)
    if way == 0:
        spec["datapathId"] = f"{rng.randint(1, 9):016x}"
    elif way == 1:
        spec["ports"] = {"proxy": rng.choice(("proxy0", "fsdn-proxy")), "tunnel": "tunnel0"}
    elif "external" in spec:
        others = {"mac": "02:00:00:00:ee:77", "port": "outer", "addresses": ["198.51.100.77"]}
        name = rng.choice(sorted(others))
        spec["external"][name] = others[name]
        if rng.randrange(4) == 0:
            del spec["external"]


def _recabled(rng: Random, things: Things) -> None:
    """Change the fabric: a leaf's number, or the segments of its bare ports."""
    spec = _one(rng, things, "Switch--leaf")["spec"]
    if rng.randrange(2):
        spec["asn"] = rng.randint(65001, 65009)
    else:
        ports = [
            {"name": f"bare{n}", "segment": f"shop/{rng.choice(('front', 'back'))}"} for n in (7, 8)
        ]
        spec["ports"] = rng.sample(ports, rng.randint(0, 2))


def _raw(rng: Random, things: Things) -> None:
    """Give proxies a resource as Envoy has it, another, or none."""
    name = "EnvoyResource--extra"
    if things.pop(name, None) is not None and rng.randrange(2):
        return
    spec = {
        "resources": [
            {"@type": _CLUSTER, "name": "extra", "connect_timeout": f"{rng.randint(1, 3)}s"}
        ]
    }
    if rng.randrange(2):
        spec["hosts"] = ["host1"]
    things[name] = thing("EnvoyResource", "extra", spec)


_Change = Callable[[Random, Things], None]
_EDITS: tuple[_Change, ...] = (
    *(partial(_of_a_policy, change) for change in POLICY_EDITS),
    _gone,
    _from_elsewhere,
    _relabelled,
    _readdressed,
    *(3 * (_moved,)),
    _resegmented,
    _remade,
    _drained,
    _rescaled,
    _served_otherwise,
    _balanced_otherwise,
    _defaulted,
    _rerouted,
    _renumbered,
    _repeated,
    _rehomed,
    _rebridged,
    _recabled,
    _raw,
)


def journey(rng: Random, most: int) -> Iterator[Plan]:
    """Give the plans without errors that a world's documents lead to while they are changed.

    Each is compiled on from that before. Errors are mostly taken back: nothing with them is run.
    """
    things, edits = named(settle(random_things(rng))[0]), some_edits(rng)
    found, sound = NOTHING, things
    for _ in range(most):
        found = compile_policy(documents(things), found.allocations, found)
        if not has_errors(found.diagnostics):
            yield found.plan
            sound = dict(things)
        elif rng.randrange(4):
            things = dict(sound)
        for _ in range(rng.choice((0, 1, 1, 1, 3))):
            rng.choice(edits)(rng, things)


def some_edits(rng: Random) -> tuple[_Change, ...]:
    """Return the kinds of changes of one run: all, or a few, so that one meets another again."""
    return _EDITS if rng.randrange(3) == 0 else tuple(rng.sample(_EDITS, 5))
