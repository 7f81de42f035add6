from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from xds_server.api.probes import probes


@pytest.mark.parametrize(
    ("trouble", "path", "status", "said"),
    [
        ("", "/healthz", 200, "alive\n"),
        ("", "/readyz", 200, "ready\n"),
        ("no answer of db.example", "/readyz", 503, "degraded\n"),
        ("no answer of db.example", "/healthz", 200, "alive\n"),
        ("", "/v1/status", 404, "Not Found"),
        ("", "/metrics", 404, "Not Found"),
    ],
)
def test_probes_are_told_the_status_alone(trouble: str, path: str, status: int, said: str) -> None:
    controller: Any = SimpleNamespace(ledger=SimpleNamespace(trouble=trouble))
    answer = TestClient(probes(controller)).get(path)
    assert (answer.status_code, answer.text) == (status, said)
