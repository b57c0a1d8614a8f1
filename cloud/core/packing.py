"""Pages made small on their way over a slow line: HTML of one piece, compressed as it is sent.

Rule: a page that another site led to goes out as it is. Who can put words into a page and see how long it becomes
could guess the rest of it, letter by letter (BREACH); who came from here, or typed the address, is nobody's tool.
The app's worker asks for pages anew, and what its browser says then of who asks is not promised (docs/adr/0048).
"""

import asyncio
import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES = 1_000  # below, what is saved is less than a packet
LARGE_BYTES = 200_000  # above, it takes milliseconds, in which the loop does others' work
LEVEL = 5  # 90 % of what the best saves, in a third of the time
OWN_SITES = frozenset({"same-origin", "none"})
ACCEPT = "accept-encoding"


class Packing:
    """A layer of the application, within `Guarding`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_wanted(scope["method"], Headers(scope=scope)):
            send = _Packer(send).send
        await self.app(scope, receive, send)


def is_wanted(method: str, headers: Headers) -> bool:
    """Tell whether whoever asks understands packed pages, and was not led here by another site."""
    return method != "HEAD" and "gzip" in headers.get(ACCEPT, "") and headers.get("sec-fetch-site") in OWN_SITES


class _Packer:
    """Holds the head of one answer until its body says whether it is packed."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(Headers(raw=message["headers"])):
            self._head = message
            return
        head, self._head = self._head, None
        if head is None:
            await self._send(message)
            return
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(body) >= LEAST_BYTES:
            body = await _packed(body)
            message = {**message, "body": body}
            headers = MutableHeaders(scope=head)
            headers["content-encoding"], headers["content-length"] = "gzip", str(len(body))
            headers.add_vary_header(ACCEPT)
        await self._send(head)
        await self._send(message)


def _is_page(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers


async def _packed(body: bytes) -> bytes:
    if len(body) > LARGE_BYTES:
        return await asyncio.to_thread(gzip.compress, body, LEVEL)
    return gzip.compress(body, LEVEL)
