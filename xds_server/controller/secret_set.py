"""Which secrets are served: those that were read and are sound, else the last sound ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from translators.diagnostics import Diagnostic, report
from xds_server.controller.secret_checks import Secret, SecretError, SecretFiles, secrets_of
from xds_server.snapshots.model import Resource

Place = tuple[str, str]  # owner, and the name of the secret's folder


@dataclass(frozen=True, slots=True)
class Found:
    """The secrets that could be read, and why others could not."""

    secrets: tuple[SecretFiles, ...] = ()
    refused: Mapping[Place, Diagnostic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretSet:
    """The secrets that are served, by place, and what is wrong with those that are not."""

    held: Mapping[Place, tuple[Secret, ...]] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that are served, by owner and name."""
        every = (one for some in self.held.values() for one in some)
        return tuple(sorted(every, key=lambda one: (one.owner, one.name)))

    def of(self, node: str) -> tuple[Secret, ...]:
        """Return a node's secrets."""
        return tuple(one for one in self.secrets if one.owner == node)

    def owned(self) -> dict[str, dict[str, Resource]]:
        """Return what is served, by owner and name."""
        found: dict[str, dict[str, Resource]] = {}
        for one in self.secrets:
            found.setdefault(one.owner, {})[one.name] = one.resource
        return found

    def warnings(self, now: float) -> tuple[Diagnostic, ...]:
        """Return the findings about certificates whose term is over, or nearly."""
        return tuple(found for one in self.secrets if (found := one.warning(now)) is not None)


def renewed(before: SecretSet, found: Found, key: bytes) -> SecretSet:
    """Return what is served after a reading.

    A secret that is refused stays as it was last sound; one that is gone is revoked at once.
    """
    held: dict[Place, tuple[Secret, ...]] = {}
    findings = dict(found.refused)
    for one in found.secrets:
        place = (one.owner, one.name)
        try:
            held[place] = secrets_of(one, key)
        except SecretError as error:
            findings[place] = report("FS6012", one.path, 1, str(error), error.mend)
    for place in findings:
        if place in before.held:
            held[place] = before.held[place]
    return SecretSet(held, tuple(sorted((*findings.values(), *_drop_doubles(held)))))


def _drop_doubles(held: dict[Place, tuple[Secret, ...]]) -> list[Diagnostic]:
    """Take out what two folders would serve under one name, and say so."""
    findings = []
    for (owner, name), some in list(held.items()):
        kept = tuple(one for one in some if one.name == name or (owner, one.name) not in held)
        if kept != some:
            held[owner, name] = kept
            mend = "remove ca.crt here, or rename the other folder"
            message = f"{name}-cacert has a folder of its own"
            findings.append(report("FS6012", some[0].path, 1, message, mend))
    return findings
