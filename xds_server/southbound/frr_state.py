"""What an FRR switch says about its sessions and VNIs, from its JSON ``show`` commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from xds_server.southbound.frr import FrrSwitch


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """One BGP session of one address family."""

    family: str  # "ipv4Unicast", "l2VpnEvpn", as FRR calls them
    peer: str
    state: str  # "Established", "Connect", "Active", ...

    @property
    def is_up(self) -> bool:
        """Whether routes are exchanged."""
        return self.state == "Established"


@dataclass(frozen=True, slots=True, order=True)
class VniState:
    """A VNI and the other switches that have it."""

    vni: int
    device: str
    remotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SwitchState:
    """A switch's control plane at one moment; both tuples are sorted."""

    release: str
    sessions: tuple[Session, ...]
    vnis: tuple[VniState, ...]

    @property
    def is_settled(self) -> bool:
        """Whether every session is up."""
        return all(session.is_up for session in self.sessions)

    def __str__(self) -> str:
        up = sum(session.is_up for session in self.sessions)
        return f"FRR {self.release}, {up} of {len(self.sessions)} BGP sessions up"


async def switch_state(switch: FrrSwitch) -> SwitchState:
    """Ask a switch; raises SwitchUnavailableError when FRR does not answer."""
    version = await switch.show("show version")
    summary = _document(await switch.show("show bgp summary json"))
    vnis = _document(await switch.show("show evpn vni json"))
    words = version.split()
    return SwitchState(
        release=words[1] if len(words) > 1 else "unknown",
        sessions=sessions(summary),
        vnis=tuple(
            sorted(
                VniState(v["vni"], v["vxlanIf"], tuple(sorted(v.get("remoteVteps", ()))))
                for v in vnis.values()
                if isinstance(v, dict)
            )
        ),
    )


def sessions(summary: dict[str, Any]) -> tuple[Session, ...]:
    """Return the sessions in ``show bgp summary json``, in canonical order."""
    return tuple(
        sorted(
            Session(family, peer, found["state"])
            for family, table in summary.items()
            if isinstance(table, dict)
            for peer, found in table.get("peers", {}).items()
        )
    )


def _document(printed: str) -> dict[str, Any]:
    """FRR prints a plain sentence, not JSON, where there is nothing to show."""
    text = printed.strip()
    return dict(json.loads(text)) if text.startswith("{") else {}
