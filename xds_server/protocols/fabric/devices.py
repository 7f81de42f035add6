"""A Linux network device: as the controller wants it, and as ``ip -json -details`` shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface
from typing import Any

MARK = "fsdn "
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_CAUSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,220}")
_KINDS = ("bridge", "loopback", "port", "routed", "uplink", "vxlan")
MADE = ("bridge", "vxlan")


class LinkTextError(ValueError):
    """Devices that cannot be brought about: the message names the device and the mend."""


@dataclass(frozen=True, slots=True, order=True)
class Device:
    """A wanted device; what is None or empty does not apply to its kind. MTU in bytes."""

    name: str
    kind: str
    cause: str
    mtu: int | None = None
    bridge: str = ""
    vni: int | None = None
    local: str = ""
    port: int | None = None
    addresses: tuple[str, ...] = ()

    @property
    def is_made(self) -> bool:
        """Whether we create it; the others are there, or not plugged in."""
        return self.kind in MADE

    @property
    def is_quiet(self) -> bool:
        """Whether the switch itself has no address there: it only forwards frames."""
        return self.kind in ("bridge", "port", "vxlan")

    def birth(self) -> str:
        """Return what can only be chosen at creation, as arguments of ``ip link add``."""
        if self.kind == "bridge":
            return "type bridge"
        return f"type vxlan id {self.vni} local {self.local} dstport {self.port} nolearning"

    def same_birth(self, seen: Seen) -> bool:
        """Whether a device of the same kind need not be made anew."""
        return self.kind == "bridge" or (self.vni, self.local, self.port) == (
            seen.vni,
            seen.local,
            seen.port,
        )

    def document(self) -> dict[str, Any]:
        """Return the device as it stands in the JSON text."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["addresses"] = list(self.addresses)
        return {key: value for key, value in fields.items() if value not in (None, "", [])}


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A device as it is; ``own_addresses`` are those that our alias records."""

    name: str
    kind: str = ""
    alias: str = ""
    up: bool = False
    mtu: int | None = None
    master: str = ""
    address_mode: str = ""
    learning: bool = True
    vni: int | None = None
    local: str = ""
    port: int | None = None
    addresses: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether we made it or use it."""
        return self.alias.startswith(MARK)

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """The addresses here that we have set, sorted."""
        recorded = self.alias.partition(" = ")[2].split(",") if self.is_ours else []
        return tuple(a for a in self.addresses if a in recorded)

    def as_device(self) -> Device | None:
        """Return what is ours of it, as if it were wanted; None for another's device."""
        if not self.is_ours:
            return None
        kind = self._wanted_kind()
        return Device(
            name=self.name,
            kind=kind,
            cause=self.alias.removeprefix(MARK).partition(" = ")[0],
            mtu=self.mtu if kind in ("bridge", "port", "vxlan") else None,
            bridge=self.master if kind in ("port", "vxlan") else "",
            vni=self.vni,
            local=self.local,
            port=self.port,
            addresses=self.own_addresses,
        )

    def _wanted_kind(self) -> str:
        if self.kind in MADE:
            return self.kind
        if self.name == "lo":
            return "loopback"
        if self.master:
            return "port"
        return "routed" if self.own_addresses else "uplink"


def alias_of(device: Device) -> str:
    """Return the alias by which a device is ours and says where it comes from."""
    addresses = f" = {','.join(device.addresses)}" if device.addresses else ""
    return f"{MARK}{device.cause}{addresses}"


def device_from(raw: dict[str, Any]) -> Device:
    """Return a wanted device; every value is checked, since it ends up on a command line."""
    name, kind, cause = str(raw["name"]), str(raw["kind"]), str(raw["cause"])
    if not _NAME.fullmatch(name) or not _CAUSE.fullmatch(cause) or kind not in _KINDS:
        raise LinkTextError(f"{kind} {name!r} of {cause!r} is not a device name, kind or cause")
    bridge = str(raw.get("bridge", ""))
    if bridge and not _NAME.fullmatch(bridge):
        raise LinkTextError(f"{name}: {bridge!r} is not a device name")
    return Device(
        name=name,
        kind=kind,
        cause=cause,
        mtu=_number(raw, "mtu"),
        bridge=bridge,
        vni=_number(raw, "vni"),
        local=str(ip_address(raw["local"])) if "local" in raw else "",
        port=_number(raw, "port"),
        addresses=tuple(sorted(str(ip_interface(a)) for a in raw.get("addresses", ()))),
    )


def _number(raw: dict[str, Any], key: str) -> int | None:
    return int(raw[key]) if key in raw else None


def seen_from(raw: dict[str, Any]) -> Seen:
    """Return a device as ``ip -json -details address show`` prints it."""
    info = raw.get("linkinfo", {})
    data = info.get("info_data", {}) if info.get("info_kind") == "vxlan" else {}
    addresses = sorted(
        f"{a['local']}/{a['prefixlen']}" for a in raw.get("addr_info", ()) if "local" in a
    )
    return Seen(
        name=str(raw["ifname"]),
        kind=str(info.get("info_kind", "")),
        alias=str(raw.get("ifalias", "")),
        up="UP" in raw.get("flags", ()),
        mtu=_number(raw, "mtu"),
        master=str(raw.get("master", "")),
        address_mode=str(raw.get("inet6_addr_gen_mode", "")),
        learning=bool(info.get("info_slave_data", {}).get("learning", True)),
        vni=_number(data, "id"),
        local=str(data.get("local", "")),
        port=_number(data, "port"),
        addresses=tuple(addresses),
    )
