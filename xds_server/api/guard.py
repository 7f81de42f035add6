"""The door of the API: who asks is settled before the body is read, and how much is read."""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class _TooLarge(Exception):  # noqa: N818 - a signal within this module, not an error
    pass


class Guard:
    """ASGI middleware: a bearer token for what is closed (RFC 6750) and a limit on every body."""

    def __init__(
        self, app: App, token: str, body_limit: int, closed: tuple[str, ...] = ("/v1",)
    ) -> None:
        self._app = app
        self._token = token.encode()
        self._limit = body_limit
        self._closed = closed

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(self._closed) and not self._authorised(scope):
            await _answer(
                send,
                401,
                "the token is missing or wrong, send 'Authorization: Bearer' with the content of "
                "the file 'token' in the server's state directory",
                ((b"www-authenticate", b'Bearer realm="fsdn"'),),
            )
            return
        await self._limited(scope, receive, send)

    def _authorised(self, scope: Message) -> bool:
        value = _header(scope, b"authorization")
        scheme, _, token = value.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    async def _limited(self, scope: Message, receive: Receive, send: Send) -> None:
        declared = _header(scope, b"content-length")
        too_large = (
            f"the body is larger than {self._limit} bytes, split the files or raise FSDN_BODY_LIMIT"
        )
        if declared.isdigit() and int(declared) > self._limit:
            await _answer(send, 413, too_large)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise _TooLarge
            return message

        async def unless_too_large(message: Message) -> None:
            # The application makes an answer of its own out of a body that it could not read.
            if read <= self._limit:
                await send(message)

        with contextlib.suppress(_TooLarge):  # a chunked body: no length was declared
            await self._app(scope, counted, unless_too_large)
        if read > self._limit:
            await _answer(send, 413, too_large)


def _header(scope: Message, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


async def _answer(
    send: Send, status: int, error: str, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    body = json.dumps({"error": error}).encode()
    base = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    # The rest of the body is not read, so that the connection cannot be used again.
    base.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": [*base, *headers]})
    await send({"type": "http.response.body", "body": body})
