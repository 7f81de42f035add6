"""What a real Envoy refuses never reaches a proxy, and is blamed on its line."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.devices import xds_resources as make
from tests.devices.clients import ENVOY, envoy_version
from tests.golden.test_golden_plan import CASES, compiled
from tests.plans import proxy_snapshot
from tests.serving import Serving
from translators.plan.model import Plan
from xds_server.controller.errors import MachineError
from xds_server.protocols.xds.resource_types import ENDPOINT
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of
from xds_server.southbound.envoy_judge import EnvoyJudge, Refusal

pytestmark = [pytest.mark.device, pytest.mark.envoy("compiled resources, examples/shop among them")]


def judge(snapshot: Snapshot) -> Refusal | None:
    return asyncio.run(EnvoyJudge(Path(ENVOY)).judge("host1", snapshot))


@pytest.mark.parametrize("story", ["shop", "dual-stack", "envoy-raw"])
def test_what_is_compiled_is_accepted(story: str) -> None:
    plan: Plan = compiled(CASES / story).plan
    for host in plan.hosts:
        assert judge(proxy_snapshot(plan, host.name)) is None


WHOLE = [
    make.listener("front", "/run/fsdn-front.sock", "shop"),
    make.route("shop", "blue"),
    make.route("other", "nowhere"),
    *(make.cluster(f"c{number}") for number in range(9)),
]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (make.cluster("bad", timeout=-1), "positive duration"),
        (make.listener("bad", "/run/fsdn-bad.sock", "shop", "http.nothing.v3.X"), "nothing"),
        (make.route("bad", ""), "cluster"),
        (Resource(ENDPOINT, "bad", make.endpoints("").body), "ClusterName"),
    ],
)
def test_the_one_at_fault_is_found(bad: Resource, words: str) -> None:
    refused = judge(snapshot_of([*WHOLE, bad]))
    assert refused is not None
    assert refused.resource == bad
    assert words.lower() in refused.reason.lower()


def test_what_is_no_envoy_is_the_operators_to_mend() -> None:
    for binary in ("/bin/false", "/nothing/here"):
        with pytest.raises(MachineError, match="check --envoy"):
            asyncio.run(EnvoyJudge(Path(binary)).judge("x", snapshot_of([])))


RAW = """
apiVersion: fsdn/v1
kind: Host
metadata: {name: host1}
spec: {datapathId: "0000000000000001"}
---
apiVersion: fsdn/v1
kind: EnvoyResource
metadata: {name: extra}
spec:
  resources:
    - "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
      name: extra
      connect_timeout: TIMEOUT
"""


def test_a_server_with_an_envoy_refuses_with_file_and_line(tmp_path: Path) -> None:
    with Serving(tmp_path / "state", "--envoy", ENVOY) as server:
        refused = server.fsdn("apply", "-f", "-", stdin=RAW.replace("TIMEOUT", "-1s"))
        assert refused.returncode == 1, refused.stderr
        assert "stdin:12: FS6008 host1 would refuse Cluster extra: " in refused.stderr
        assert "positive duration" in refused.stderr
        done = server.fsdn("apply", "-f", "-", stdin=RAW.replace("TIMEOUT", "1s"))
        assert done.returncode == 0, done.stderr


def test_a_server_finds_the_envoy_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "envoy").symlink_to(ENVOY)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with Serving(tmp_path / "state", "--envoy", "auto") as server:
        refused = server.fsdn("apply", "-f", "-", stdin=RAW.replace("TIMEOUT", "-1s"))
        assert refused.returncode == 1, refused.stderr
        assert "FS6008 host1 would refuse Cluster extra: " in refused.stderr
    assert envoy_version() in server.log.read_text()
