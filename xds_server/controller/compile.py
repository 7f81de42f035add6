"""From files and documents to a candidate state: pure, and run outside the event loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import NamedTuple

from translators import envoy
from translators.compiler.allocations import Allocations
from translators.compiler.pipeline import NOTHING as UNCOMPILED
from translators.compiler.pipeline import Compilation, compile_policy
from translators.diagnostics import Diagnostic, has_errors
from translators.envoy.filters.access_log import Logged
from translators.plan.diff import diff
from translators.plan.model import Plan
from translators.policy.document import Document
from translators.policy.documents import Documents, documents
from translators.policy.load import load
from xds_server.controller.bridges import Translation
from xds_server.controller.errors import RefusedError, UntranslatableError
from xds_server.controller.gates import check_references, check_shrink
from xds_server.controller.impact import impact
from xds_server.controller.merge import changes_between
from xds_server.controller.metering import Took
from xds_server.controller.provided import NOTHING, Provided, clashes, joined
from xds_server.controller.targets import Ports, Targets, targets_of
from xds_server.controller.values import (
    DeviceImpact,
    ObjectChange,
    PlanChange,
    SourceFile,
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Documents with all that follows from them; ``ports`` are those of the bridges then."""

    text: Documents
    compilation: Compilation
    targets: Targets
    findings: tuple[Diagnostic, ...]  # errors are not among them
    ports: Mapping[str, Ports]
    took: Took = field(default=Took(), compare=False)

    def with_bridge(self, host: str, ports: Ports, made: Translation) -> Compiled:
        """Return it with a bridge's program that was made once its ports were known."""
        targets = self.targets.with_bridge(host, made)
        return replace(self, targets=targets, ports={**self.ports, host: ports})

    def after(self, before: Compiled) -> Compiled:
        """Return it with what bridges can take over that were translated while it was compiled."""
        translations = {**before.targets.translations, **self.targets.translations}
        return replace(self, targets=replace(self.targets, translations=translations))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All that the author should know, sorted; part is worked out when first asked for."""
        return self.compilation.advised(self.findings)

    @property
    def documents(self) -> Mapping[str, Document]:
        """The documents by key, in order."""
        return dict(sorted(self.text.by_key.items()))

    @property
    def plan(self) -> Plan:
        """The meaning of the documents."""
        return self.compilation.plan


class Told(NamedTuple):
    """What the author of a change is told: findings, what it means, what it writes to devices."""

    diagnostics: tuple[Diagnostic, ...]
    meaning: tuple[PlanChange, ...]
    devices: tuple[DeviceImpact, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a change would lead to, and how it differs from what holds, in ``before``."""

    compiled: Compiled
    changes: tuple[ObjectChange, ...]
    before: Compiled = field(repr=False)

    def told(self) -> Told:
        """Return what its author alone waits for."""
        old, new = self.before, self.compiled
        meaning = (
            PlanChange(c.kind, c.name, str(c.change), c.detail) for c in diff(old.plan, new.plan)
        )
        return Told(new.diagnostics, tuple(meaning), impact(old.targets, new.targets))


def nothing() -> Compiled:
    """Return the compilation of no documents, where every store begins."""
    return Compiled(Documents(), UNCOMPILED, Targets(), (), {})


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
    given: Iterable[Document],
    found: tuple[Diagnostic, ...] = (),
) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Compile documents; return the plan with all findings, those ``found`` before included.

    Raises RefusedError if any finding is an error.
    """
    compilation = compile_policy(given)
    source = envoy.Proxies(compilation.plan)
    if compilation.plan.raw_resources or compilation.plan.raw_patches:
        source = envoy.translated(compilation.plan)
    return compilation.plan, compilation.advised(_sound(found, compilation, source))


def _sound(
    found: tuple[Diagnostic, ...], compilation: Compilation, source: envoy.Proxies
) -> tuple[Diagnostic, ...]:
    findings = {*found, *compilation.findings, *envoy.findings(source)}
    if has_errors(findings):
        raise RefusedError(compilation.advised(findings))
    return tuple(findings)


def compiled(
    given: Iterable[Document] | Documents,
    allocations: Allocations,
    ports: Mapping[str, Ports],
    found: tuple[Diagnostic, ...] = (),
    logged: Logged = Logged.DENIED,
    before: Compiled | None = None,
    provided: Provided = NOTHING,
) -> Compiled:
    """Compile documents and translate the plan for every device; RefusedError as in planned.

    Devices for which no translation exists are listed in ``targets.faults``. What was compiled
    ``before`` spares the work for what a change does not touch; the result is the same.
    What is ``provided`` is served beside it; a name that both have is an error.
    """
    before = before or nothing()
    began = perf_counter()
    text = given if isinstance(given, Documents) else documents(given)
    compilation = compile_policy(text, allocations, before.compilation)
    source = envoy.translated(compilation.plan, logged, before.targets.source)
    findings = _sound(found, compilation, source)
    planned_at = perf_counter()
    targets = targets_of(source, ports, before.targets)
    if provided:
        if clashing := clashes(targets.proxies, provided):
            raise RefusedError(clashing)
        targets = joined(targets, compilation.plan.host.keys(), provided)
    return Compiled(
        text,
        compilation,
        targets,
        findings,
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
    check_references(old.targets, new.targets)
    if not may_shrink:
        check_shrink(old.targets, new.targets)
    return Candidate(new, changes_between(old.text, new.text), old)
