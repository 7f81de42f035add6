"""The small tree of errors that a caller of the controller may meet; each says how to mend it."""

from __future__ import annotations

from collections.abc import Mapping

from translators.diagnostics import Diagnostic
from xds_server.snapshots.evidence import Device


class ControllerError(Exception):
    """Something that the caller can mend; its text is one sentence for them."""


class RefusedError(ControllerError):
    """The input has errors, so nothing was stored."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(f"refused: {len(diagnostics)} finding(s), nothing was stored")


class NotFoundError(ControllerError):
    """The object, revision or device that was asked for does not exist."""


class ConflictError(ControllerError):
    """Another change came first; asking again works on the new state."""


class UnsafeError(ControllerError):
    """The request would do more harm than its author can have meant."""


class UntranslatableError(ControllerError):
    """The policy is sound, but some devices cannot hold what follows from it; why, by device."""

    def __init__(self, faults: Mapping[Device, str]) -> None:
        self.faults = faults
        listed = "; ".join(f"{device}: {why}" for device, why in sorted(faults.items()))
        super().__init__(
            f"refused: no configuration can express this for {listed}; "
            "nothing was stored, make the policy smaller or simpler there"
        )


class StoreError(ControllerError):
    """The database cannot be read or written now; what devices run is not affected."""


class MachineError(Exception):
    """The machine is not as we need it: a port in use, a missing privilege, a locked directory."""
