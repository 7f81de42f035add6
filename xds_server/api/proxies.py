"""Routes about proxies: what each was sent and said of it, and why its resources are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from platform import node as this_machine
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from translators.envoy.rendering import as_dict
from xds_server.api.access import Access
from xds_server.api.models import DeviceView
from xds_server.api.sources import Sources, Watched
from xds_server.api.views import device_view
from xds_server.controller.errors import NotFoundError
from xds_server.controller.marks import told
from xds_server.controller.references import place_of, references, shown
from xds_server.controller.secret_checks import Secret
from xds_server.controller.service import Controller
from xds_server.protocols.xds.resource_types import SECRET
from xds_server.snapshots.evidence import Device, DeviceKind
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

router = APIRouter(prefix="/v1/proxies", tags=["proxies"])


class SentView(BaseModel):
    """A type of resources on a proxy: what was sent and what it said."""

    type: str
    state: str
    sent: str = Field(description="Version that was last offered; empty before that.")
    acked: str = Field(description="Version that it last acknowledged.")
    nacked: str = Field(description="Version that it refuses, if any.")
    reason: str
    at: float = Field(description="Of the last of these, in seconds since the epoch.")


class ProxyView(BaseModel):
    """A proxy: who and where it is, and every type."""

    node: str
    identity: str = Field(description="By its certificate; empty where it shows none.")
    replica: str = Field(description="The machine whose server its stream is on.")
    device: DeviceView
    sent: list[SentView]


class ResourceView(BaseModel):
    """A resource that a proxy should have."""

    type: str
    name: str
    version: str
    origin: str = Field(description="File and line of the policy that caused it.")
    acked: bool = Field(description="Whether the proxy acknowledged its type as it is now.")
    body: dict[str, Any]


class CauseView(BaseModel):
    """Why a resource is there."""

    type: str
    name: str
    version: str
    origin: list[str] = Field(description="Places in the policy; patches after what they amend.")
    object: str = Field(
        description="Key of the object at the last of these places, or that it is of a folder."
    )
    text: str = Field(description="Its line there.")
    used_by: list[str]
    uses: list[str]


@router.get("")
async def proxies(controller: Access) -> list[ProxyView]:
    """List every proxy that is declared or connected."""
    known = sorted(controller.state.status.devices.items())
    found = []
    for device, status in known:
        if device.kind is not DeviceKind.PROXY:
            continue
        view = device_view(device, status)
        sent = [
            SentView(
                type=kind.type,
                state=kind.state,
                sent=status.types[kind.type].offered,
                acked=kind.acked,
                nacked=""
                if (refusal := status.types[kind.type].refusal) is None
                else refusal.version,
                reason=kind.reason,
                at=kind.at,
            )
            for kind in view.types
        ]
        found.append(
            ProxyView(
                node=device.name,
                identity=status.identity,
                replica=this_machine() if status.connected else "",
                device=view,
                sent=sent,
            )
        )
    return found


@router.get("/{node}/resources")
async def resources(
    controller: Access, sources: Watched, node: str, type: str = ""
) -> list[ResourceView]:
    """List what a proxy is told to run, of one type (its full URL) or of all.

    Of a secret nothing is shown but its kind, fingerprint and end.
    """
    secrets = sources.folders.secrets_of(node)
    snapshot = Snapshot({}) if secrets else _snapshot(controller, node)
    snapshot = told(controller.state, node) or snapshot
    known = controller.state.status.of(Device(DeviceKind.PROXY, node))
    acked = {url: kept.acked for url, kept in known.types.items()}
    own = snapshot_of(one.resource for one in secrets)
    held = acked.get(SECRET) == own.version(SECRET)
    shown = [_secret(one, held) for one in secrets if type in ("", SECRET)]
    return shown + [
        ResourceView(
            type=one.type_url,
            name=one.name,
            version=one.version,
            origin=one.origin,
            acked=acked.get(one.type_url) == snapshot.version(one.type_url),
            body=as_dict(one.type_url, one.body),
        )
        for one in _every(snapshot)
        if type in ("", one.type_url)
    ]


def _secret(one: Secret, acked: bool) -> ResourceView:
    ends = "" if one.expires is None else datetime.fromtimestamp(one.expires, UTC).isoformat()
    told = {"kind": str(one.kind), "fingerprint": one.fingerprint, "expires": ends}
    return ResourceView(
        type=SECRET,
        name=one.name,
        version=one.resource.version,
        origin=one.path,
        acked=acked,
        body={"@type": SECRET, "name": one.name, **told},
    )


@router.get("/{node}/explain")
async def explain(controller: Access, sources: Watched, node: str, name: str) -> list[CauseView]:
    """Answer, for every resource of this name, which line of the policy put it there."""
    snapshot = _snapshot(controller, node)
    found = [one for one in _every(snapshot) if one.name == name]
    if not found:
        raise NotFoundError(
            f"the proxy {node} has no resource {name!r}; 'fsdn proxy config {node}' lists all"
        )
    return [_cause(controller, sources, snapshot, one) for one in found]


def _snapshot(controller: Controller, node: str) -> Snapshot:
    found = told(controller.state, node)
    if found is None:
        raise NotFoundError(
            f"no proxy {node!r} is declared or served; 'fsdn proxy status' lists all"
        )
    return found


def _every(snapshot: Snapshot) -> Iterator[Resource]:
    for named in snapshot.resources.values():
        yield from named.values()


def _cause(
    controller: Controller, sources: Sources, snapshot: Snapshot, one: Resource
) -> CauseView:
    me = (one.type_url, one.name)
    users = [r for r in _every(snapshot) if me in references(r.type_url, r.body)]
    key, text = _written(controller, sources, one.origin)
    return CauseView(
        type=one.type_url,
        name=one.name,
        version=one.version,
        origin=one.origin.split(", patched by "),
        object=key,
        text=text,
        used_by=[shown(r.type_url, r.name) for r in users],
        uses=[shown(url, name) for url, name in references(one.type_url, one.body)],
    )


def _written(controller: Controller, sources: Sources, origin: str) -> tuple[str, str]:
    """Return the object at an origin, or the folder's word for it, and the text of the line."""
    if found := sources.folders.text(origin):
        return "folder of resources", found
    file, line = place_of(origin)
    for key, document in controller.holds.documents.items():
        lines = document.source.splitlines()
        index = line - document.origin.line
        if document.origin.file == file and 0 <= index < len(lines):
            return key, lines[index].strip()
    return "", ""
