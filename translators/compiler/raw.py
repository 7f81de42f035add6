"""Envoy's own language into the plan: whose proxies it is for, and where each line stands."""

from __future__ import annotations

import json
from typing import Any

from translators.compiler.catalogue import Catalogue
from translators.compiler.draft import Draft
from translators.compiler.findings import origin_of
from translators.compiler.references import refer_plain
from translators.compiler.table import Table, renewed
from translators.diagnostics import Diagnostic
from translators.plan.raw import Lines, RawPatch, RawResource, pointer
from translators.policy.document import Document, Path
from translators.policy.envoy_patch import EnvoyPatch
from translators.policy.envoy_resource import EnvoyResource
from translators.policy.host import Host


def raw_resources(draft: Draft, before: Draft) -> Table[tuple[RawResource, ...]]:
    """Return the raw resources of each document; unknown hosts are findings."""
    catalogue = draft.catalogue

    def make(name: str, findings: list[Diagnostic]) -> tuple[RawResource, ...] | None:
        found = catalogue.get(EnvoyResource, name)
        return None if found is None else _resources(catalogue, *found, findings)

    return renewed(before.raw_resources, _touched(draft, "EnvoyResource"), make)


def raw_patches(draft: Draft, before: Draft) -> Table[RawPatch]:
    """Return the patch of each document; unknown hosts are findings."""
    catalogue = draft.catalogue

    def make(name: str, findings: list[Diagnostic]) -> RawPatch | None:
        found = catalogue.get(EnvoyPatch, name)
        return None if found is None else _patch(catalogue, *found, findings)

    return renewed(before.raw_patches, _touched(draft, "EnvoyPatch"), make)


def _touched(draft: Draft, kind: str) -> set[str]:
    catalogue = draft.catalogue
    return set(catalogue.names(kind) if catalogue.renamed("Host") else catalogue.touched(kind))


def _resources(
    catalogue: Catalogue, document: Document, model: EnvoyResource, findings: list[Diagnostic]
) -> tuple[RawResource, ...]:
    named = None if model.spec.hosts == "all" else list(model.spec.hosts)
    hosts = _hosts(catalogue, document, ("spec", "hosts"), named, findings)
    return tuple(
        RawResource(
            f"{document.reference}[{index}]",
            hosts,
            _text(value),
            origin_of(document, *(path := ("spec", "resources", index))),
            _lines(document, path),
        )
        for index, value in enumerate(model.spec.resources)
    )


def _patch(
    catalogue: Catalogue, document: Document, model: EnvoyPatch, findings: list[Diagnostic]
) -> RawPatch:
    spec = model.spec
    named = None if spec.target.host is None else [spec.target.host]
    hosts = _hosts(catalogue, document, ("spec", "target", "host"), named, findings)
    return RawPatch(
        document.reference,
        hosts,
        spec.target.type,
        spec.target.name,
        spec.operation,
        "" if spec.value is None else _text(spec.value),
        origin_of(document),
        (*_lines(document, ("spec", "value")), ("", document.line("spec", "target", "name"))),
    )


def _hosts(
    catalogue: Catalogue,
    document: Document,
    path: Path,
    named: list[str] | None,
    findings: list[Diagnostic],
) -> tuple[str, ...]:
    if named is None:
        return tuple(sorted(host.name for host, _ in catalogue.of(Host)))
    found = [
        refer_plain(catalogue, document, (*path, index), "Host", name, findings)
        for index, name in enumerate(named)
    ]
    return tuple(sorted({name for name in found if name is not None}))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(document: Document, path: Path) -> Lines:
    """Return the line of every field below ``path``, by its JSON pointer from there."""
    depth = len(path)
    return tuple(
        sorted(
            (pointer(steps[depth:]), line)
            for steps, line in document.lines.items()
            if steps[:depth] == path and len(steps) > depth
        )
    )
