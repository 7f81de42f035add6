"""The server as commands see it: JSON in, JSON out, and every failure one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from xds_server.agent.api_tls import ApiTls, ApiTlsError
from xds_server.cli.context import shared
from xds_server.cli.exits import Exit, Fail
from xds_server.settings import API_PORT, ClientSettings

PATIENCE = 120.0  # seconds for an answer; large policies take a while to compile


class Refusal(Fail):
    """The server refused the input; ``diagnostics`` are its findings, as the API spells them."""

    def __init__(self, sentence: str, diagnostics: list[dict[str, Any]]) -> None:
        self.diagnostics = diagnostics
        super().__init__(sentence, Exit.REFUSED)


def get(path: str, query: Mapping[str, Any] | None = None, patience: float = PATIENCE) -> Any:
    """Return the JSON answer of a GET; what is None in the query is left out."""
    params = {name: value for name, value in (query or {}).items() if value is not None}
    return _ask("GET", path, patience, params=params)


def post(path: str, body: Mapping[str, Any]) -> Any:
    """Return the JSON answer of a POST."""
    return _ask("POST", path, PATIENCE, json=body)


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
        tls.verify()
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


def _ask(method: str, path: str, timeout: float, **rest: Any) -> Any:
    settings = shared.settings
    url = address(settings)
    headers = {"Authorization": f"Bearer {token(settings)}"}
    verify = api_tls(settings).verify()
    try:
        answer = httpx.request(
            method, url + path, headers=headers, timeout=timeout, verify=verify, **rest
        )
    except httpx.TimeoutException as error:
        raise Fail(
            f"the server at {url} did not answer in {timeout:.0f} s", Exit.TIMEOUT
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Fail(
            f"cannot reach the server at {url} ({error}): start it with 'fsdn serve', or name it "
            "with --api or FSDN_API",
            Exit.SERVER,
        ) from error
    return read(answer, url)


def read(answer: httpx.Response, url: str) -> Any:
    """Return an answer's JSON; raise Fail, or Refusal with findings, where it is a refusal."""
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        told = answer.json()
        sentence = str(told["error"])
    except (ValueError, KeyError, TypeError):
        raise Fail(
            f"{url} answered {answer.status_code} and is no fsdn server, check --api", Exit.SERVER
        ) from None
    if told.get("diagnostics"):
        raise Refusal(sentence, told["diagnostics"])
    code = Exit.SERVER if answer.status_code in (401, 403) or answer.is_server_error else None
    raise Fail(sentence, code or Exit.REFUSED)
