import http.server
import socket
import threading
from pathlib import Path

from tests.commanding import run
from tests.serving import Serving
from xds_server.cli.client import address, token_file
from xds_server.settings import ClientSettings


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


def test_another_kind_of_server_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    with http.server.HTTPServer(("127.0.0.1", 0), _Other) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{other.server_address[1]}"
        done = run("--api", url, "status", state=tmp_path)
        thread.join()
    assert done.code == 4
    assert "is no fsdn server" in done.err


class _Other(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        return


def test_the_address_is_given_or_told_or_usual(tmp_path: Path) -> None:
    settings = ClientSettings(state=tmp_path)
    assert address(settings) == "http://127.0.0.1:8600"
    (tmp_path / "endpoints.json").write_text('{"api": "http://127.0.0.1:9"}')
    assert address(settings) == "http://127.0.0.1:9"
    assert address(ClientSettings(state=tmp_path, api="http://x:1/")) == "http://x:1"
    assert token_file(settings) == tmp_path / "token"
