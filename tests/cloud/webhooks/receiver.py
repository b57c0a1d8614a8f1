"""A program that is told by webhooks: it keeps what comes, checks it by the standard's own library, and answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook


@dataclass(slots=True)
class Receiver:
    """Listens on this machine; what it answers is asked for each request."""

    answers: list[int] = field(default_factory=list)  # the next ones; 204 when there are none left
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    headers: str = ""  # of answers, besides
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=esik"

    def checked(self, number: int, secret: str) -> Any:
        """Return what a request says, if its signature fits a secret. Raises WebhookVerificationError."""
        headers, body = self.heard[number]
        return Webhook(secret).verify(body, headers)

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        except asyncio.IncompleteReadError:  # who connected says nothing
            writer.close()
            return
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.heard.append(({**headers, "line": lines[0]}, body))
        status = self.answers.pop(0) if self.answers else 204
        writer.write(
            f"HTTP/1.1 {status} Heard\r\ncontent-length: 0\r\nconnection: close\r\n{self.headers}\r\n".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(*answers: int) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    hearing = Receiver(list(answers))
    server = await asyncio.start_server(hearing.hear, "127.0.0.1", 0)
    hearing.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hearing
