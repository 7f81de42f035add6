import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import grpc
import pytest
import trustme

from tests.serving import SHOP, Serving
from tests.unit.translators.envoy.test_health_checks import CLUSTER as CHECKED
from tests.unit.translators.folder.test_checks import text
from tests.unit.xds_server.protocols.reports.test_health import A, hello
from xds_server.bootstrap import _tls_context
from xds_server.controller.errors import MachineError
from xds_server.protocols.reports.health import Assignment
from xds_server.settings import ServerSettings
from xds_server.southbound.grpc_hds import SERVICE


def test_with_tls_every_listener_speaks_it(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    (tmp_path / "cert.pem").write_bytes(b"".join(b.bytes() for b in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = (f"--tls-cert={tmp_path / 'cert.pem'}", f"--tls-key={tmp_path / 'key.pem'}")
    with _TlsServing(tmp_path / "state", tmp_path / "ca.pem", *options) as server:
        for name in ("api", "xds", "openflow", "ovsdb"):
            subject = _subject(server.port(name), tmp_path / "ca.pem")
            assert subject, name
        done = server.fsdn("--ca-file", str(tmp_path / "ca.pem"), "apply", "-f", str(SHOP))
        assert done.returncode == 0, done.stderr
        untrusted = server.fsdn("status")
        assert untrusted.returncode == 4
        assert "certificate" in untrusted.stderr.lower()
        assert server.stop() == 0


TURNS = """
import sys
import uvloop
from xds_server import bootstrap
from xds_server.settings import ServerSettings
default = sys.getswitchinterval()
uvloop.run = lambda main: (main.close(), print(default, sys.getswitchinterval()))
bootstrap.run(ServerSettings(state=sys.argv[1]))
"""


def test_a_thread_that_compiles_lets_the_event_loop_in_soon(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", TURNS, str(tmp_path / "state")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    default, chosen = map(float, done.stdout.split())
    assert chosen <= default / 10


class _TlsServing(Serving):
    def __init__(self, state: Path, authority: Path, *options: str) -> None:
        super().__init__(state, *options)
        self.context = ssl.create_default_context(cafile=str(authority))

    def _ready(self) -> bool:
        try:
            url = f"{self.endpoints()['api']}/readyz"
            with urllib.request.urlopen(url, timeout=1, context=self.context) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError):
            return False


def _subject(port: int, authority: Path) -> str:
    argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(authority)]
    argv += ["-alpn", "h2", "-verify_return_error"]
    done = subprocess.run(argv, input=b"", capture_output=True, timeout=20, check=False)
    assert b"Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    return next(
        line for line in done.stdout.decode(errors="replace").splitlines() if "subject" in line
    )


def test_probes_need_no_certificate_and_end_with_the_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Serving(tmp_path / "state", f"--health=127.0.0.1:{port}") as server:
        for path, said in (("healthz", b"alive"), ("readyz", b"ready")):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
                assert answer.read().strip() == said
        assert server.stop() == 0


def test_tls_files_that_are_none_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    wrong = {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "cert.pem"}
    settings = ServerSettings.model_validate(wrong)
    with pytest.raises(MachineError, match="give PEM files"):
        _tls_context(settings)


@pytest.mark.parametrize("workers", [1, 2])
def test_checks_are_handed_out_however_many_processes_serve(tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "checks.json").write_text(text(CHECKED))
    with Serving(tmp_path / "state", f"--resources={folder}", f"--xds-workers={workers}") as server:
        assert [one["cluster"] for one in server.ask("/v1/health")] == ["shop"]
        target = f"127.0.0.1:{server.port('xds')}"
        with grpc.insecure_channel(target) as channel:
            told = channel.unary_unary(f"/{SERVICE}/FetchHealthCheck")(hello("web-1"), timeout=10)
    assert Assignment(told).endpoints == {A}
