"""Envoy's own language into the plan: whose proxies it is for, and where each line stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from translators.compiler.draft import Catalogue, Draft, origin_of
from translators.compiler.references import refer_plain
from translators.diagnostics import Diagnostic
from translators.plan.raw import Lines, RawPatch, RawResource, pointer
from translators.policy.document import Document, Path
from translators.policy.envoy_patch import EnvoyPatch
from translators.policy.envoy_resource import EnvoyResource
from translators.policy.host import Host


def raw(draft: Draft) -> Draft:
    """Return the draft with raw resources and patches; unknown hosts are findings."""
    findings: list[Diagnostic] = []
    resources = _resources(draft.catalogue, findings)
    patches = _patches(draft.catalogue, findings)
    plan = replace(
        draft.plan,
        raw_resources=tuple(sorted(resources, key=lambda one: one.name)),
        raw_patches=tuple(sorted(patches, key=lambda one: one.name)),
    )
    return replace(draft, plan=plan, findings=draft.findings + tuple(findings))


def _resources(catalogue: Catalogue, findings: list[Diagnostic]) -> Iterator[RawResource]:
    for document, model in catalogue.of(EnvoyResource):
        named = None if model.spec.hosts == "all" else list(model.spec.hosts)
        hosts = _hosts(catalogue, document, ("spec", "hosts"), named, findings)
        for index, value in enumerate(model.spec.resources):
            path = ("spec", "resources", index)
            yield RawResource(
                f"{document.reference}[{index}]",
                hosts,
                _text(value),
                origin_of(document, *path),
                _lines(document, path),
            )


def _patches(catalogue: Catalogue, findings: list[Diagnostic]) -> Iterator[RawPatch]:
    for document, model in catalogue.of(EnvoyPatch):
        spec = model.spec
        named = None if spec.target.host is None else [spec.target.host]
        hosts = _hosts(catalogue, document, ("spec", "target", "host"), named, findings)
        yield RawPatch(
            document.reference,
            hosts,
            spec.target.type,
            spec.target.name,
            spec.operation,
            "" if spec.value is None else _text(spec.value),
            origin_of(document),
            (
                *_lines(document, ("spec", "value")),
                ("", document.line("spec", "target", "name")),
            ),
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
