from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.asking import TOKEN, asking
from xds_server.api.guard import Guard, Message


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"],
)
async def test_every_path_under_v1_wants_the_token(tmp_path: Path, header: str) -> None:
    async with asking(tmp_path) as (client, _, _):
        client.headers.clear()
        for path in ("/v1/status", "/v1/nowhere", "/v1"):
            answer = await client.get(path, headers={"Authorization": header} if header else {})
            assert answer.status_code == 401
            assert "Bearer" in answer.headers["www-authenticate"]
            assert TOKEN not in answer.text


async def test_who_may_not_ask_has_no_byte_read() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Message, receive: object, send: object) -> None:
        raise AssertionError("the application was asked")

    scope = {"type": "http", "path": "/v1/apply", "headers": [(b"content-length", b"10")]}
    await Guard(app, TOKEN, 100)(scope, receive, send)
    assert sent[0]["status"] == 401


async def test_a_large_body_is_refused_by_its_length(tmp_path: Path) -> None:
    async with asking(tmp_path, body_limit=1000) as (client, _, _):
        answer = await client.post("/v1/apply", content=b"x" * 1001)
    assert answer.status_code == 413
    assert "larger than 1000 bytes" in answer.json()["error"]


async def test_a_large_body_without_a_length_is_refused_too(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    async with asking(tmp_path, body_limit=1000) as (client, _, _):
        answer = await client.post("/v1/apply", content=chunks())
    assert answer.status_code == 413


async def test_a_body_of_the_limit_is_read(tmp_path: Path) -> None:
    body, kind = b'{"files": []}'.ljust(1000), {"content-type": "application/json"}
    async with asking(tmp_path, body_limit=1000) as (client, _, _):
        answer = await client.post("/v1/apply", content=body, headers=kind)
    assert answer.status_code == 200
