import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commanding import run
from tests.serving import SHOP, Serving
from xds_server.cli import client
from xds_server.cli.client import address, token_file
from xds_server.client_settings import ClientSettings


def test_no_server_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = run("status", state=tmp_path, FSDN_API=url)
    assert done.code == 4
    assert done.err.startswith(f"fsdn: cannot reach the server at {url}")
    assert "fsdn serve" in done.err
    assert done.err.count("\n") == 1


def test_a_missing_token_is_one_sentence(tmp_path: Path) -> None:
    done = run("status", state=tmp_path)
    assert done.code == 4
    assert f"cannot read the token {tmp_path / 'token'}" in done.err


def test_a_wrong_token_is_one_sentence(shop_server: Serving, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    done = run("--token-file", str(wrong), "status", state=shop_server.state)
    assert done.code == 4
    assert "the token is missing or wrong" in done.err
    assert (shop_server.state / "token").read_text().strip() not in done.err


class _Other(http.server.BaseHTTPRequestHandler):
    """No fsdn server; ``paths`` is what it was asked."""

    paths: list[str]

    def do_GET(self) -> None:
        self.paths.append(self.path)
        if self.path.endswith("/moved/v1/status"):
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        elif self.path.endswith("/short/v1/status"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"{")
        elif self.path.endswith("/page/v1/status"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The URL of a server of another kind, and the paths that it is asked for."""
    (tmp_path / "token").write_text("x")
    paths: list[str] = []
    handler = type("Handler", (_Other,), {"paths": paths})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", paths
        server.shutdown()
        thread.join()


def test_another_kind_of_server_is_one_sentence(
    other: tuple[str, list[str]], tmp_path: Path
) -> None:
    for path, status in (("", 404), ("/page", 200)):
        done = run("--api", other[0] + path, "status", state=tmp_path)
        assert done.code == 4
        assert f"answered {status} and is no fsdn server" in done.err


def test_a_redirection_is_not_followed(other: tuple[str, list[str]], tmp_path: Path) -> None:
    url, paths = other
    done = run("--api", f"{url}/moved", "status", state=tmp_path)
    assert (done.code, "answered 302 and is no fsdn server" in done.err) == (4, True)
    assert paths == ["/moved/v1/status"]


def test_an_answer_that_breaks_off_is_one_sentence(
    other: tuple[str, list[str]], tmp_path: Path
) -> None:
    done = run("--api", f"{other[0]}/short", "status", state=tmp_path)
    assert done.code == 4
    assert done.err.startswith("fsdn: cannot reach the server")


def test_the_proxy_of_the_environment_is_used(other: tuple[str, list[str]], tmp_path: Path) -> None:
    url, paths = other
    run("--api", "http://fsdn.invalid:1", "status", state=tmp_path, http_proxy=url, no_proxy="")
    assert paths == ["http://fsdn.invalid:1/v1/status"]


@pytest.mark.parametrize("url", ["localhost:8600", "ftp://127.0.0.1", "http://127.0.0.1:port"])
def test_an_address_of_no_use_is_one_sentence(tmp_path: Path, url: str) -> None:
    (tmp_path / "token").write_text("x")
    done = run("--api", url, "status", state=tmp_path)
    assert (done.code, done.err.count("\n")) == (4, 1)
    assert done.err.startswith(f"fsdn: cannot reach the server at {url}")


def test_a_server_that_says_nothing_is_out_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("x")
    monkeypatch.setattr(client, "PATIENCE", 0.0625)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = run("--api", url, "diff", "-f", str(SHOP), state=tmp_path)
    assert done.code == 5
    assert "did not answer in" in done.err


def test_what_is_asked_is_spelled_as_json_has_it(
    other: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, paths = other
    run("--api", url, "observe", "--follow", "--source", "a&b c", state=tmp_path)
    assert paths == ["/v1/observe?source=a%26b+c&service=&rule=&last=20&follow=true"]


def test_the_address_is_given_or_told_or_usual(tmp_path: Path) -> None:
    settings = ClientSettings(state=tmp_path)
    assert address(settings) == "http://127.0.0.1:8600"
    (tmp_path / "endpoints.json").write_text('{"api": "http://127.0.0.1:9"}')
    assert address(settings) == "http://127.0.0.1:9"
    assert address(ClientSettings(state=tmp_path, api="http://x:1/")) == "http://x:1"
    assert token_file(settings) == tmp_path / "token"
