"""Routes about bridges: every one that is known, declared or not."""

from __future__ import annotations

import re
from collections.abc import Collection

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xds_server.api.access import Access
from xds_server.controller.service import Controller
from xds_server.protocols.ovsdb.mirror import Bridge
from xds_server.snapshots.evidence import Device, DeviceKind

router = APIRouter(prefix="/v1", tags=["bridges"])
_DATAPATH = re.compile(r"[0-9a-f]{16}")


class BridgePortView(BaseModel):
    """An interface of a bridge, as its database describes it."""

    name: str
    number: int = Field(description="OpenFlow port; 0 while the vswitch has not opened it.")
    iface_id: str = Field(description="external_ids:iface-id, by which orchestrators name it.")
    error: str


class BridgeView(BaseModel):
    """A bridge: what OpenFlow and its database say; without a database the rest is empty."""

    datapath_id: str
    host: str = Field(description="Host document that declares it; empty for an unknown bridge.")
    state: str = Field(description="UNKNOWN: nobody declared it, so that it gets no flow.")
    bridge: str
    ovs_version: str
    fail_mode: str
    controllers: list[str]
    managers: list[str]
    ports: list[BridgePortView]
    warnings: list[str]


@router.get("/bridges")
async def bridges(controller: Access) -> list[BridgeView]:
    """List the bridges that are declared, connected, or described by a database."""
    hosts = {h.datapath_id: h.name for h in controller.state.plan.hosts}
    described = {b.datapath_id: b for b in controller.databases.bridges()}
    devices = controller.state.status.devices
    strangers = {int(d.name, 16) for d in devices if _stranger(d, hosts.values())}
    numbers = sorted(hosts.keys() | described.keys() | strangers)
    return [_view(controller, n, hosts.get(n, ""), described.get(n)) for n in numbers]


def _stranger(device: Device, hosts: Collection[str]) -> bool:
    """Whether a device is a bridge that is known by its datapath id only."""
    bridge = device.kind is DeviceKind.BRIDGE and _DATAPATH.fullmatch(device.name) is not None
    return bridge and device.name not in hosts


def _view(controller: Controller, number: int, host: str, found: Bridge | None) -> BridgeView:
    known = controller.state.status.of(Device(DeviceKind.BRIDGE, host or f"{number:016x}"))
    interfaces = () if found is None else found.interfaces
    return BridgeView(
        datapath_id=f"{number:016x}",
        host=host,
        state=str(known.overall),
        bridge="" if found is None else found.name,
        ovs_version="" if found is None else found.ovs_version,
        fail_mode="" if found is None else found.fail_mode or "standalone",
        controllers=[] if found is None else list(found.controllers),
        managers=[] if found is None else list(found.managers),
        ports=[
            BridgePortView(
                name=each.name,
                number=each.ofport,
                iface_id=each.external_ids.get("iface-id", ""),
                error=each.error,
            )
            for each in interfaces
        ],
        warnings=[text for _, text in sorted(known.warnings.items())],
    )
