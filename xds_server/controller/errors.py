"""The small tree of errors that a caller of the controller may meet; each says how to mend it."""

from __future__ import annotations

from translators.diagnostics import Diagnostic


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
    """The policy is sound, but a device cannot hold what follows from it."""


class MachineError(Exception):
    """The machine is not as we need it: a port in use, a missing privilege, a locked directory."""
