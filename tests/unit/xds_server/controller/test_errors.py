from translators.diagnostics import Diagnostic
from xds_server.controller.errors import ControllerError, RefusedError


def test_a_refusal_carries_every_finding() -> None:
    findings = tuple(Diagnostic("a.yaml", line, "FS1001", "wrong", "mend") for line in (1, 2))
    error = RefusedError(findings)
    assert error.diagnostics == findings
    assert "2 finding(s)" in str(error)
    assert isinstance(error, ControllerError)
