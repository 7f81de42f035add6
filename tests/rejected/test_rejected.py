"""One input for each diagnostic code, refused at the line that it marks with ``# here``."""

from pathlib import Path

import pytest

from tests.plans import proxy_snapshot
from translators import envoy
from translators.compiler.pipeline import compile_policy
from translators.diagnostics import CODES, Diagnostic, has_errors
from translators.policy.load import load
from xds_server.controller.references import reference_findings

HERE = Path(__file__).parent
INPUTS = sorted(HERE.glob("*/policy.yaml"))
# Codes that cannot come alone: FS4007 needs a service that nothing places.
COMPANIONS = {"FS4007": {"FS4009"}}
BY_DEVICE = {"FS6008"}  # found by a real Envoy: tests/devices/test_envoy_judge.py
# Of folders of resources and secrets, by unit tests of those.
IN_FOLDERS = {f"FS60{number:02}" for number in range(9, 18)}


def diagnose(path: Path) -> tuple[str, tuple[Diagnostic, ...]]:
    # Too many values would make an unreadable input: MANY and CROWD stand for them.
    text = path.read_text().replace("MANY", "0, " * 100_001)
    text = text.replace("CROWD\n", "".join(map(_workload, range(1001))))
    loaded = load(text, path.parent.name)
    if loaded.diagnostics:
        return text, loaded.diagnostics
    found = compile_policy(loaded.documents)
    if has_errors(found.diagnostics):
        return text, found.diagnostics
    proxies = {host.name: proxy_snapshot(found.plan, host.name) for host in found.plan.hosts}
    native = (*envoy.findings(envoy.translated(found.plan)), *reference_findings(proxies))
    return text, found.diagnostics + native


def _workload(number: int) -> str:
    high, low = divmod(number, 250)
    spec = f"segment: front, addresses: [10.10.{high}.{low + 2}], host: host1, port: p{number}"
    return (
        f"---\napiVersion: fsdn/v1\nkind: Workload\nmetadata: {{name: w{number}, tenant: shop, "
        f"labels: {{app: api}}}}\n"
        f'spec: {{{spec}, mac: "02:00:00:00:{high:02x}:{low:02x}"}}\n'
    )


def test_every_code_has_an_input() -> None:
    assert {path.parent.name for path in INPUTS} == set(CODES) - BY_DEVICE - IN_FOLDERS


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.parent.name)
def test_input_yields_its_code_at_its_line(path: Path) -> None:
    code = path.parent.name
    text, found = diagnose(path)
    assert {d.code for d in found} - COMPANIONS.get(code, set()) == {code}, found
    marked = {n for n, line in enumerate(text.split("\n"), 1) if line.endswith("# here")}
    # An empty document has nothing to mark but the marker before it.
    moved = {line - 1 for line in marked} if code == "FS1006" else marked
    assert {d.line for d in found if d.code == code} == moved


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.parent.name)
def test_every_finding_says_how_to_mend_it(path: Path) -> None:
    for found in diagnose(path)[1]:
        assert found.mend
        assert found.severity is CODES[found.code].severity
        assert str(found).startswith(f"{path.parent.name}:{found.line}: {found.code}")
