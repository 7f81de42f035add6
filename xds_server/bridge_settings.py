"""Settings of bridges and their databases (FSDN_*): who owns them, and what is done to them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BridgeSettings(BaseSettings):
    """What the controller may do to bridges beyond writing flows of its own; times in seconds."""

    model_config = SettingsConfigDict(env_prefix="FSDN_", extra="ignore", allow_inf_nan=False)

    openflow_role: str = Field(
        default="primary",
        description="Role at bridges: primary fences off controllers that were started earlier, "
        "by a growing generation id; equal lets several controllers write.",
    )
    openflow_spared_tables: str = Field(
        default="",
        description="Tables of a bridge that belong to others, such as 100-199,250: flows there "
        "are neither reported as foreign nor ever removed.",
    )
    drift_interval: float = Field(
        default=300.0,
        ge=0,
        description="Seconds between two comparisons of what a bridge holds with what it should; "
        "0 for never.",
    )
    count_interval: float = Field(
        default=30.0,
        ge=0,
        description="Seconds between two readings of what bridges count, for the metrics; 0 for "
        "never.",
    )
    ovsdb_connect: str = Field(
        default="",
        description="OVSDB servers to connect to, with commas between: tcp:HOST:PORT, "
        "ssl:HOST:PORT or unix:PATH; others connect to --ovsdb.",
    )
    prepare_bridges: bool = Field(
        default=False,
        description="Set up declared bridges by OVSDB: fail mode secure, OpenFlow 1.5, this "
        "controller, and the tunnel's port; without it they are only warned of.",
    )
    tunnel_type: str = Field(
        default="vxlan",
        description="Type of the tunnel ports that prepared bridges get: vxlan, or geneve where no "
        "fabric switch ends the tunnels.",
    )
    bridge_target: str = Field(
        default="",
        description="Controller that prepared bridges are pointed at, such as "
        "ssl:192.0.2.10:6653; empty for the address at which their database reaches us.",
    )
    vswitch_sockets: str = Field(
        default="",
        description="Vswitches on this machine that `explain --live` asks by itself, with commas "
        "between: HOST=/run/openvswitch, or HOST=PATH of a control socket; others are asked by the "
        "agents of their hosts.",
    )

    def bridge_complaint(self) -> str:
        """Return what cannot be meant here, as a sentence; empty if all can."""
        if self.openflow_role not in ("primary", "equal"):
            return f"the OpenFlow role {self.openflow_role!r} is neither primary nor equal"
        if self.tunnel_type not in ("vxlan", "geneve"):
            return f"the tunnel type {self.tunnel_type!r} is neither vxlan nor geneve"
        scheme, _, rest = self.bridge_target.partition(":")
        if self.bridge_target and (scheme not in ("tcp", "ssl") or not rest):
            return f"{self.bridge_target!r} is no controller, write tcp:HOST:PORT or ssl:HOST:PORT"
        try:
            tables_of(self.openflow_spared_tables)
            sockets_of(self.vswitch_sockets)
        except ValueError as error:
            return str(error)
        return ""


def tables_of(text: str) -> frozenset[int]:
    """Return the tables of a list such as ``100-199,250``; raises ValueError with the mend."""
    found: set[int] = set()
    for part in (each.strip() for each in text.split(",") if each.strip()):
        first, _, last = part.partition("-")
        ends = (first, last or first)
        if not all(end.isdecimal() and int(end) < 255 for end in ends) or int(ends[0]) > int(
            ends[1]
        ):
            raise ValueError(f"{part!r} names no tables, write 0 to 254 such as 100-199,250")
        found.update(range(int(ends[0]), int(ends[1]) + 1))
    return frozenset(found)


def sockets_of(text: str) -> dict[str, Path]:
    """Return the paths of ``HOST=PATH,...`` by host; raises ValueError with the mend."""
    found = {}
    for part in (each.strip() for each in text.split(",") if each.strip()):
        host, _, path = part.partition("=")
        if not host or not path.startswith("/"):
            raise ValueError(f"{part!r} names no vswitch, write HOST=/run/openvswitch")
        found[host] = Path(path)
    return found
