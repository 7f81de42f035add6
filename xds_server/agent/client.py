"""The REST API as agents use it: a long poll for what to run, and a report of what became of it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from xds_server.agent.api_tls import ApiTls
from xds_server.snapshots.model import SwitchConfig

_CONNECT = 5.0  # seconds
_SLACK = 10.0  # seconds that an answer may be late after the poll's own wait
FIRST_DELAY, LAST_DELAY = 0.5, 30.0  # seconds between attempts, doubling in between


class ServerAwayError(Exception):
    """The server cannot be asked now; the message says why, and the mend where there is one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a version; ``written`` counts changed lines, ``line`` is the one at fault."""

    state: Literal["applied", "failed", "running"]
    version: str
    written: int = 0
    reason: str = ""
    line: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AgentClient:
    """Asks one server. The token is read for every request, so that it can be replaced."""

    http: httpx.AsyncClient
    token_file: Path

    async def config(self, switch: str, version: str, wait: float) -> SwitchConfig | None:
        """Wait up to ``wait`` seconds for another version; None when there is none.

        Raises ServerAwayError, also while the server does not know the switch.
        """
        answer = await self._ask(
            "GET",
            f"/v1/switches/{switch}/config",
            params={"version": version, "wait": f"{wait:g}"},
            timeout=httpx.Timeout(_CONNECT, read=wait + _SLACK),
        )
        if answer.status_code == 204:
            return None
        try:
            body = answer.json()
            texts = [body[key] for key in ("switch", "frr", "links", "version")]
        except (ValueError, KeyError, TypeError) as error:
            raise ServerAwayError(f"the server's answer is no configuration: {error}") from error
        if texts[0] != switch:
            raise ServerAwayError(f"the server answers for {texts[0]}, not for {switch}")
        return SwitchConfig(*map(str, texts))

    async def report(self, switch: str, report: Report) -> None:
        """Tell the server what became of a version; raises ServerAwayError."""
        await self._ask("POST", f"/v1/switches/{switch}/report", json=asdict(report))

    async def question(self, host: str, wait: float) -> dict[str, Any] | None:
        """Wait up to ``wait`` seconds for a question about the host; None when there is none.

        Raises ServerAwayError.
        """
        timeout = httpx.Timeout(_CONNECT, read=wait + _SLACK)
        path = f"/v1/hosts/{host}/question"
        answer = await self._ask("GET", path, params={"wait": f"{wait:g}"}, timeout=timeout)
        if answer.status_code == 204:
            return None
        try:
            return dict(answer.json())
        except (ValueError, TypeError) as error:
            raise ServerAwayError(f"the server's answer is no question: {error}") from error

    async def answer(self, host: str, body: dict[str, Any]) -> None:
        """Answer a question about the host; raises ServerAwayError."""
        await self._ask("POST", f"/v1/hosts/{host}/answer", json=body)

    async def _ask(self, method: str, path: str, **options: object) -> httpx.Response:
        try:
            token = self.token_file.read_text().strip()
        except OSError as error:
            raise ServerAwayError(
                f"cannot read the token {self.token_file}: {error.strerror}; "
                "name the right file with --token-file"
            ) from error
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = await self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise ServerAwayError(f"the server does not answer: {said}") from error
        if answer.status_code not in (200, 204):
            raise ServerAwayError(_refusal(answer))
        return answer


@asynccontextmanager
async def agent_client(
    api: str, token_file: Path, tls: ApiTls | None = None
) -> AsyncIterator[AgentClient]:
    """Open a client; raises ApiTlsError for files that are of no use."""
    verify = (tls or ApiTls()).verify()
    async with httpx.AsyncClient(base_url=api, verify=verify, timeout=_CONNECT) as http:
        yield AgentClient(http, token_file)


def delay(attempt: int, rng: random.Random) -> float:
    """Return the seconds to wait after so many failures, with jitter against herds."""
    return min(LAST_DELAY, FIRST_DELAY * 2.0 ** min(attempt, 10)) * rng.uniform(0.5, 1.0)


def _refusal(answer: httpx.Response) -> str:
    if answer.status_code == 404:
        return (
            "the server does not know this device: apply a Switch document of its name, or a Host"
        )
    if answer.status_code in (401, 403):
        return "the server refuses the token: give this agent the server's own token"
    return f"the server answers {answer.status_code}: {answer.text[:200]}"
