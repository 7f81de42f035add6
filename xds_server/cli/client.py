"""The server as commands see it: JSON in, JSON out, and every failure one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from xds_server.agent.api_tls import ApiTls, ApiTlsError
from xds_server.cli.context import shared
from xds_server.cli.exits import Exit, Fail
from xds_server.client_settings import ClientSettings
from xds_server.defaults import API_PORT

PATIENCE = 120.0  # seconds for an answer; large policies take a while to compile


class Refusal(Fail):
    """The server refused the input; ``diagnostics`` are its findings, as the API spells them."""

    def __init__(self, sentence: str, diagnostics: list[dict[str, Any]]) -> None:
        self.diagnostics = diagnostics
        super().__init__(sentence, Exit.REFUSED)


def get(path: str, query: Mapping[str, Any] | None = None, patience: float = PATIENCE) -> Any:
    """Return the JSON answer of a GET; what is None in the query is left out."""
    return _ask(_with_query(path, query or {}), patience)


def post(path: str, body: Mapping[str, Any]) -> Any:
    """Return the JSON answer of a POST."""
    return _ask(path, PATIENCE, json.dumps(body).encode())


def lines(path: str, query: Mapping[str, Any], patience: float) -> Iterator[str]:
    """Yield the lines of a GET's answer as they come; raise Fail if none does for ``patience``."""
    url = address(shared.settings)
    with (
        _way(url, f"the server at {url} fell silent"),
        _open(url, _with_query(path, query), patience) as answer,
    ):
        if not _good(answer.status):
            _refuse(answer.status, answer.read(), url)
        for line in answer:
            if line.strip():
                yield line.decode().rstrip("\r\n")


def address(settings: ClientSettings) -> str:
    """Return the API's URL: as given, else as the server in the state directory says."""
    if settings.api:
        return settings.api.rstrip("/")
    try:
        told = json.loads((settings.state / "endpoints.json").read_text())
        return str(told["api"])
    except (OSError, ValueError, KeyError):
        return f"http://127.0.0.1:{API_PORT}"  # no server has run here, or it was stopped


def token_file(settings: ClientSettings) -> Path:
    """Return where the bearer token is: as given, else in the state directory."""
    return settings.token_file or settings.state / "token"


def api_tls(settings: ClientSettings) -> ApiTls:
    """Return whom to trust and how to prove who we are; raise Fail for files of no use."""
    tls = ApiTls(settings.ca_file, settings.cert_file, settings.key_file)
    try:
        tls.context()
    except ApiTlsError as error:
        raise Fail(str(error), Exit.USAGE) from error
    return tls


def token(settings: ClientSettings) -> str:
    """Return the bearer token; raise Fail when there is none to read."""
    path = token_file(settings)
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Fail(
            f"cannot read the token {path} ({error.strerror}): start 'fsdn serve' with the same "
            "FSDN_STATE, or name the server's token with --token-file",
            Exit.SERVER,
        ) from error


def _with_query(path: str, query: Mapping[str, Any]) -> str:
    params = {name: value for name, value in query.items() if value is not None}
    spelled = {n: str(v).lower() if isinstance(v, bool) else v for n, v in params.items()}
    return f"{path}?{urlencode(spelled, doseq=True)}" if spelled else path


def _ask(path: str, patience: float, body: bytes | None = None) -> Any:
    url = address(shared.settings)
    late = f"the server at {url} did not answer in {patience:.0f} s"
    with _way(url, late), _open(url, path, patience, body) as answer:
        status, content = answer.status, answer.read()
    if not _good(status):
        _refuse(status, content, url)
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise _stranger(status, url) from None


def _open(url: str, path: str, patience: float, body: bytes | None = None) -> HTTPResponse:
    """Send a request, by the proxy that the environment names if any; a refusal is an answer."""
    settings = shared.settings
    headers = {"Authorization": f"Bearer {token(settings)}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    context = api_tls(settings).context()
    opener = OpenerDirector()
    opener.add_handler(ProxyHandler())
    opener.add_handler(UnknownHandler())
    opener.add_handler(HTTPHandler())
    if url.lower().startswith("https:"):
        opener.add_handler(HTTPSHandler(context=context))
    answer: HTTPResponse = opener.open(Request(url + path, body, headers), timeout=patience)
    return answer


@contextmanager
def _way(url: str, late: str) -> Iterator[None]:
    """Make one sentence of what goes wrong on the way to the server and back."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)  # urllib wraps what befalls a connection
        if isinstance(reason, TimeoutError):
            raise Fail(late, Exit.TIMEOUT) from error
        raise Fail(
            f"cannot reach the server at {url} ({reason}): start it with 'fsdn serve', or name it "
            "with --api or FSDN_API",
            Exit.SERVER,
        ) from error


def _good(status: int) -> bool:
    return 200 <= status < 300


def _refuse(status: int, content: bytes, url: str) -> NoReturn:
    """Raise Fail, or Refusal with findings, for an answer that is a refusal."""
    try:
        told = json.loads(content)
        sentence = str(told["error"])
    except (ValueError, KeyError, TypeError):
        raise _stranger(status, url) from None
    if told.get("diagnostics"):
        raise Refusal(sentence, told["diagnostics"])
    raise Fail(sentence, Exit.SERVER if status in (401, 403) or status >= 500 else Exit.REFUSED)


def _stranger(status: int, url: str) -> Fail:
    return Fail(f"{url} answered {status} and is no fsdn server, check --api", Exit.SERVER)
