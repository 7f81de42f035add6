"""From files and documents to a candidate state: pure, and run outside the event loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from translators import envoy
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import Compilation, compile_policy
from translators.diagnostics import Diagnostic, has_errors
from translators.envoy.filters.access_log import Logged
from translators.plan.diff import diff
from translators.plan.model import Plan
from translators.policy.document import Document
from translators.policy.load import load
from xds_server.controller.errors import RefusedError, UntranslatableError
from xds_server.controller.gates import check_references, check_shrink
from xds_server.controller.impact import impact
from xds_server.controller.merge import changes_between
from xds_server.controller.metering import Took
from xds_server.controller.provided import NOTHING, Provided, clashes, joined
from xds_server.controller.targets import Made, Ports, Targets, targets_of
from xds_server.controller.values import (
    Allocated,
    DeviceImpact,
    ObjectChange,
    PlanChange,
    SourceFile,
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Documents with all that follows from them; ``ports`` are those of the bridges then."""

    documents: Mapping[str, Document]
    plan: Plan
    targets: Targets
    allocations: Allocated
    diagnostics: tuple[Diagnostic, ...]
    ports: Mapping[str, Ports]
    took: Took = field(default=Took(), compare=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a change would lead to, and how it differs from what holds."""

    compiled: Compiled
    changes: tuple[ObjectChange, ...]
    meaning: tuple[PlanChange, ...]
    devices: tuple[DeviceImpact, ...]


def nothing() -> Compiled:
    """Return the compilation of no documents, where every store begins."""
    return Compiled({}, Plan(), Targets(), {}, (), {})


def load_files(files: Sequence[SourceFile]) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Return the documents of all files, and every finding in them that is no error.

    Raises RefusedError with all findings if any is an error; they are not compiled then, because
    every reference to an object that could not be read would be reported as dangling.
    """
    loaded = [load(file.text, file.name) for file in files]
    diagnostics = tuple(sorted(d for one in loaded for d in one.diagnostics))
    if has_errors(diagnostics):
        raise RefusedError(diagnostics)
    return tuple(document for one in loaded for document in one.documents), diagnostics


def planned(
    documents: Iterable[Document],
    allocations: Allocated,
    found: tuple[Diagnostic, ...] = (),
) -> tuple[Compilation, tuple[Diagnostic, ...]]:
    """Compile documents; return that with all findings, those ``found`` before included.

    Raises RefusedError if any finding is an error.
    """
    ordered = sorted(documents, key=lambda document: document.key)
    compilation = compile_policy(ordered, Allocations.from_dict(allocations))
    own = envoy.findings(compilation.plan)
    diagnostics = tuple(sorted({*found, *compilation.diagnostics, *own}))
    if has_errors(diagnostics):
        raise RefusedError(diagnostics)
    return compilation, diagnostics


def compiled(
    documents: Iterable[Document],
    allocations: Allocated,
    ports: Mapping[str, Ports],
    found: tuple[Diagnostic, ...] = (),
    logged: Logged = Logged.DENIED,
    before: Compiled | None = None,
    provided: Provided = NOTHING,
) -> Compiled:
    """Compile documents and translate the plan for every device; RefusedError as in planned.

    Devices for which no translation exists are listed in ``targets.faults``. What was compiled
    ``before`` spares the work for bridges that a change does not touch; the result is the same.
    What is ``provided`` is served beside it; a name that both have is an error.
    """
    ordered = sorted(documents, key=lambda document: document.key)
    began = perf_counter()
    compilation, diagnostics = planned(ordered, allocations, found)
    planned_at = perf_counter()
    made = None if before is None else Made(before.plan, before.ports, before.targets.bridges)
    targets = targets_of(compilation.plan, ports, logged, made)
    if provided:
        if found := clashes(targets.proxies, provided):
            raise RefusedError(found)
        targets = joined(targets, compilation.plan.host.keys(), provided)
    return Compiled(
        {document.key: document for document in ordered},
        compilation.plan,
        targets,
        compilation.allocations.to_dict(),
        diagnostics,
        ports,
        Took(planned_at - began, perf_counter() - planned_at),
    )


def compared(old: Compiled, new: Compiled, may_shrink: bool = True) -> Candidate:
    """Return the new compilation beside its differences from the old one.

    Raises UntranslatableError if there is a device that cannot hold its part of the new one, and
    RefusedError where a proxy's resources refer to nothing; without ``may_shrink`` UnsafeError
    where a proxy would lose much.
    """
    if new.targets.faults:
        raise UntranslatableError(new.targets.faults)
    check_references(new.targets)
    if not may_shrink:
        check_shrink(old.targets, new.targets)
    return Candidate(
        new,
        changes_between(old.documents, new.documents),
        tuple(
            PlanChange(c.kind, c.name, str(c.change), c.detail) for c in diff(old.plan, new.plan)
        ),
        impact(old.targets, new.targets),
    )
