"""The bodies of requests and answers; the OpenAPI description is made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=10_000)]


class Body(BaseModel):
    """A request body: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class FileBody(Body):
    """A file of policy documents."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=4096)] = Field(
        description="What diagnostics and explanations call it."
    )
    text: str = Field(description="Its YAML text.")


class ChangeBody(Body):
    """Who changes what, and why."""

    author: Line = Field("", description="Who makes the change, for the history.")
    message: Text = Field("", description="Why, for the history.")
    dry_run: bool = Field(False, description="Answer what would change, and store nothing.")


class ApplyBody(ChangeBody):
    """Files to merge into what holds."""

    files: list[FileBody] = Field(description="Replaces objects of the same kind and name.")
    prune: bool = Field(False, description="Remove the objects that no file has.")
    allow_shrink: bool = Field(False, description="Let proxies lose much of what they have.")


class DeleteBody(ChangeBody):
    """Objects to remove."""

    keys: list[str] = Field([], description="Such as policy/shop/reviews or host/host1.")
    all: bool = Field(False, description="Remove everything; then keys must be empty.")


class RollbackBody(ChangeBody):
    """A revision to restore."""

    revision: int = Field(ge=1, description="Its number, as the history shows it.")


class DiagnosticView(BaseModel):
    """One finding in an author's input."""

    file: str
    line: int
    code: str
    severity: str
    message: str
    mend: str
    path: str
    text: str = Field(description="All of it in one line, as compilers print it.")


class ObjectChangeView(BaseModel):
    """What happened to an object."""

    change: str = Field(description="added, changed, moved or removed")
    key: str
    file: str
    line: int


class PlanChangeView(BaseModel):
    """What changed in meaning."""

    kind: str
    name: str
    change: str
    detail: str


class ImpactView(BaseModel):
    """How much is written to a device."""

    device: str
    unit: str
    added: int
    changed: int
    removed: int


class OutcomeView(BaseModel):
    """What a change did, or would do."""

    revision: int = Field(description="The revision that holds now.")
    stored: bool = Field(description="Whether it is a new one.")
    diagnostics: list[DiagnosticView]
    changes: list[ObjectChangeView]
    meaning: list[PlanChangeView]
    devices: list[ImpactView]


class ObjectView(BaseModel):
    """An object as its author wrote it."""

    key: str
    kind: str
    tenant: str
    name: str
    file: str
    line: int
    source: str


class RevisionView(BaseModel):
    """One entry of the history."""

    revision: int
    author: str
    message: str
    at: float = Field(description="Seconds since the epoch.")
    changes: list[tuple[str, str]] = Field(description="Change and key, sorted by key.")
    digest: str = Field(description="Hash chain over all revisions up to this one.")
    acked_after: float | None = Field(
        description="Seconds until every connected device ran it; null if that was not seen."
    )


class ProgressView(BaseModel):
    """How far a revision came on one device."""

    device: str
    reach: str = Field(description="acked, nacked, absent, pending or superseded")
    seconds: float | None = Field(description="From the commit until it was acknowledged.")
    reason: str
    origin: str = Field(description="File and line of the policy behind a refusal.")


class RevisionInFull(RevisionView):
    """One entry of the history with the devices it was for."""

    devices: list[ProgressView]


class WaitView(BaseModel):
    """Whether a revision has come as far as was asked."""

    revision: int
    level: str
    reached: bool
    seconds: float | None = Field(description="From the commit until every device had it.")
    synced: int = Field(description="Declared devices that run what they should.")
    outstanding: list[str] = Field(description="Connected devices that do not, and why.")
    absent: list[str] = Field(description="Declared devices that are not connected.")


class TypeView(BaseModel):
    """One type of configuration on a device."""

    type: str
    state: str
    wanted: str
    acked: str
    written: int | None
    reason: str
    resource: str
    origin: str
    at: float


class DeviceView(BaseModel):
    """A device with all its types."""

    device: str
    kind: str
    name: str
    state: str
    connected: bool
    detail: str
    warnings: list[str]
    types: list[TypeView]


class StatusView(BaseModel):
    """The whole network at a glance."""

    revision: int
    acked: bool
    store: str = Field("", description="Why evidence cannot be stored now; empty: it can.")
    devices: list[DeviceView]


class StepView(BaseModel):
    """One row of an explanation."""

    layer: str
    device: str
    verdict: str
    native: str
    rule: str
    origin: str
    reason: str


class ExplanationView(BaseModel):
    """What happens to a packet or a request, and who decides."""

    action: str
    layer: str
    rule: str
    reason: str
    steered: bool
    source: str
    destination: str
    targets: list[str]
    affinity: str = Field(description="client-ip: each client's address has one of the targets.")
    steps: list[StepView]


class PlacementView(BaseModel):
    """Which layer carries a clause, and why."""

    layer: str
    where: str
    reason: str
    refused: list[str]
    saving: str


class RuleView(BaseModel):
    """A clause with where it is enforced and how often it was hit."""

    name: str
    action: str
    origin: str
    placements: list[PlacementView]
    packets: int | None = Field(description="Seen by bridges; null where no bridge counts it.")
    bytes: int | None


class SwitchConfigView(BaseModel):
    """What a switch should run."""

    switch: str
    version: str
    frr: str
    links: str


class ReportBody(Body):
    """What a switch's agent did."""

    model_config = ConfigDict(extra="ignore")  # an agent may be newer than we are

    state: Literal["applied", "failed", "running"]
    version: str
    written: int = Field(0, ge=0, description="Lines and devices that had to change.")
    reason: str = ""
    line: str | int = Field("", description="The line at fault.")
    detail: str = Field("", description="About the device, such as its version.")


class WorkloadView(BaseModel):
    """A workload on a host."""

    name: str
    port: str
    mac: str
    addresses: list[str]
    gateways: list[str]
    mtu: int


class HostView(BaseModel):
    """What a host's agent needs to prepare it."""

    name: str
    bridge: str
    datapath: str = Field(description="Sixteen hexadecimal digits.")
    datapath_id: int
    proxy_port: str
    tunnel_port: str
    tunnel: str | None = Field(description="Tunnel address with its prefix length.")
    gateway: str | None
    workloads: list[WorkloadView]


class ErrorView(BaseModel):
    """Why a request was not served, and how to mend it."""

    error: str
    diagnostics: list[DiagnosticView] = []
