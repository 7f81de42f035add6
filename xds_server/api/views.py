"""From the controller's values to the bodies of answers."""

from __future__ import annotations

from collections.abc import Iterable

from translators.diagnostics import Diagnostic
from xds_server.api.models import (
    DeviceView,
    DiagnosticView,
    ImpactView,
    ObjectChangeView,
    ObjectView,
    OutcomeView,
    PlanChangeView,
    ProgressView,
    RevisionView,
    TypeView,
)
from xds_server.controller.values import Outcome, ProgressRow, Reach, Revision, StoredObject
from xds_server.snapshots.evidence import Device
from xds_server.status.model import DeviceStatus, TypeStatus


def diagnostic_views(diagnostics: Iterable[Diagnostic]) -> list[DiagnosticView]:
    """Return findings as the API spells them."""
    return [
        DiagnosticView(
            file=d.file,
            line=d.line,
            code=d.code,
            severity=str(d.severity),
            message=d.message,
            mend=d.mend,
            path=d.path,
            text=str(d),
        )
        for d in diagnostics
    ]


def outcome_view(outcome: Outcome) -> OutcomeView:
    """Return the outcome of a change."""
    return OutcomeView(
        revision=outcome.revision,
        stored=outcome.stored,
        diagnostics=diagnostic_views(outcome.diagnostics),
        changes=[
            ObjectChangeView(
                change=str(c.change), key=c.object.key, file=c.object.file, line=c.object.line
            )
            for c in outcome.changes
        ],
        meaning=[
            PlanChangeView(kind=c.kind, name=c.name, change=c.change, detail=c.detail)
            for c in outcome.meaning
        ],
        devices=[
            ImpactView(
                device=str(i.device),
                unit=i.unit,
                added=i.added,
                changed=i.changed,
                removed=i.removed,
            )
            for i in outcome.devices
        ],
    )


def object_view(kept: StoredObject) -> ObjectView:
    """Return an object as its author wrote it."""
    return ObjectView(
        key=kept.key,
        kind=kept.kind,
        tenant=kept.tenant,
        name=kept.name,
        file=kept.file,
        line=kept.line,
        source=kept.source,
    )


def revision_view(revision: Revision) -> RevisionView:
    """Return an entry of the history."""
    return RevisionView(
        revision=revision.number,
        author=revision.author,
        message=revision.message,
        at=revision.at,
        changes=list(revision.changes),
        digest=revision.digest,
        acked_after=revision.acked_after,
    )


def progress_views(rows: Iterable[ProgressRow], current: bool) -> list[ProgressView]:
    """Return how far a revision came; what waited when the next one came waits no more."""
    return [
        ProgressView(
            device=row.device,
            reach="superseded" if _waits(row) and not current else str(row.progress.reach),
            seconds=row.progress.seconds,
            reason=row.progress.reason,
            origin=row.progress.origin,
        )
        for row in rows
    ]


def _waits(row: ProgressRow) -> bool:
    return row.progress.reach is Reach.PENDING


def device_view(device: Device, known: DeviceStatus) -> DeviceView:
    """Return a device with the types that it should run, or that it spoke about."""
    return DeviceView(
        device=str(device),
        kind=str(device.kind),
        name=device.name,
        state=str(known.overall),
        connected=known.connected,
        detail=known.detail,
        warnings=[text for _, text in sorted(known.warnings.items())],
        types=[
            _type_view(name, known, kept)
            for name, kept in sorted(known.types.items())
            if kept.wanted or not known.declared
        ],
    )


def _type_view(name: str, known: DeviceStatus, kept: TypeStatus) -> TypeView:
    refusal = kept.refusal
    return TypeView(
        type=name,
        state=str(known.state(name)),
        wanted=kept.wanted,
        acked=kept.acked,
        written=kept.written,
        reason="" if refusal is None else refusal.reason,
        resource="" if refusal is None else refusal.resource,
        origin="" if refusal is None else refusal.origin,
        at=kept.at,
    )
