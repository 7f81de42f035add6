"""Numbers and virtual addresses that objects keep for life, and how new ones are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from ipaddress import ip_address

from translators.plan.model import Address, Network

_PROBES = 1 << 16  # addresses tried in one pool before it counts as used up


@dataclass(frozen=True, slots=True)
class Allocations:
    """What each object was given, by its name; the store keeps it, so that nothing is renumbered.

    ``ports`` are named ``tenant/service:port``, ``rules`` ``tenant/policy[index]``.
    """

    tenants: Mapping[str, int] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)
    endpoints: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    vips: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, dict[str, int] | dict[str, list[str]]]:
        """Return plain values for JSON, sorted."""
        plain: dict[str, dict[str, int] | dict[str, list[str]]] = {
            part.name: dict(sorted(getattr(self, part.name).items()))
            for part in fields(self)
            if part.name != "vips"
        }
        plain["vips"] = {name: [str(a) for a in held] for name, held in sorted(self.vips.items())}
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Mapping[str, object]]) -> Allocations:
        """Return what ``to_dict`` gave; raises ValueError or TypeError for anything else."""
        unknown = set(plain) - {part.name for part in fields(cls)}
        if unknown:
            raise ValueError(f"unknown allocations: {', '.join(sorted(unknown))}")
        numbers = {
            name: {key: _number(value) for key, value in held.items()}
            for name, held in plain.items()
            if name != "vips"
        }
        vips = {name: _addresses(held) for name, held in plain.get("vips", {}).items()}
        return cls(**numbers, vips=vips)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"an allocated number must be an integer, not {value!r}")
    return value


def _addresses(value: object) -> tuple[Address, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"allocated addresses must be a list, not {value!r}")
    return tuple(ip_address(str(text)) for text in value)


def number(names: Iterable[str], stored: Mapping[str, int], largest: int) -> dict[str, int]:
    """Return a number from 1 to ``largest`` for each name, no two alike.

    Stored numbers win; a new name starts at a hash of itself and takes the next free number, so
    that others keep theirs. Raises ValueError if there are more names than numbers.
    """
    wanted = sorted(set(names))
    if len(wanted) > largest:
        raise ValueError(f"{len(wanted)} objects do not fit into {largest} numbers")
    given: dict[str, int] = {}
    taken: set[int] = set()
    for name in wanted:
        held = stored.get(name, 0)
        if 1 <= held <= largest and held not in taken:
            given[name] = held
            taken.add(held)
    for name in wanted:
        if name not in given:
            candidate = stable_hash(name) % largest
            while candidate + 1 in taken:
                candidate = (candidate + 1) % largest
            given[name] = candidate + 1
            taken.add(candidate + 1)
    return dict(sorted(given.items()))


def address(
    name: str,
    pools: Iterable[Network],
    subnets: Iterable[Network],
    taken: Collection[Address],
) -> Address | None:
    """Return a free address of the pools, or None if there is none.

    A subnet's network address (for IPv6 the routers' anycast address, RFC 4291 section 2.6.1)
    and IPv4 broadcast address are left out.
    """
    edges = {a for net in subnets for a in _edges(net)}
    for pool in pools:
        start = stable_hash(name) % pool.num_addresses
        for step in range(min(pool.num_addresses, _PROBES)):
            candidate = pool[(start + step) % pool.num_addresses]
            if candidate not in taken and candidate not in edges:
                return candidate
    return None


def _edges(subnet: Network) -> tuple[Address, ...]:
    if subnet.num_addresses <= 2:
        return ()  # RFC 3021 and RFC 6164: both addresses of a pair are hosts
    if subnet.version == 4:
        return (subnet.network_address, subnet.broadcast_address)
    return (subnet.network_address,)


def stable_hash(name: str) -> int:
    """Return the same 64-bit number for a name in every process and release."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
