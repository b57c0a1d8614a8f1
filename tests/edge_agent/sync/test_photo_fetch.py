"""Photos are asked for with a signature, and believed by their digest."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from random import Random

import httpx2
import pytest

from edge_agent.sync.photo_fetch import PHOTO_BYTES_MAX, PhotoDesk
from schemas.requests import signature
from tests.edge_agent.sync.model import At

KEY = bytes(range(32))
PHOTO = b"RIFF....WEBP"
DIGEST = hashlib.sha256(PHOTO).hexdigest()


@contextlib.asynccontextmanager
async def serving(body: bytes, status: str = "200 OK") -> AsyncIterator[tuple[PhotoDesk, list[str]]]:
    """Answer every request so; yield a desk that asks here, and what was asked."""
    targets: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = request.split("\r\n")[0].split()
        sent = dict(line.lower().split(": ", 1) for line in request.split("\r\n")[1:] if line)
        signed = signature(KEY, method, target, sent["esik-nonce"], sent["esik-time"])
        assert sent["esik-signature"] == signed
        targets.append(target)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        desk = PhotoDesk(f"http://127.0.0.1:{port}/", "till-1", KEY, lambda: At(1, 2), Random(1), tls=lambda: True)
        yield desk, targets
    finally:
        server.close()


async def test_a_photo_comes_by_its_digest() -> None:
    async with serving(PHOTO) as (desk, targets):
        assert await desk.bring_dish(DIGEST) == PHOTO
        assert await desk.bring_face(DIGEST) == PHOTO
    assert targets == [f"/device/v1/dish-photo/{DIGEST}", f"/device/v1/face/{DIGEST}"]


@pytest.mark.parametrize("body", [b"another", b"x" * (PHOTO_BYTES_MAX + 1)])
async def test_another_photo_or_a_huge_one_is_not_believed(body: bytes) -> None:
    async with serving(body) as (desk, _):
        with pytest.raises(ConnectionError):
            await desk.bring_face(DIGEST)


async def test_a_refusal_is_told() -> None:
    async with serving(b"{}", "404 Not Found") as (desk, _):
        with pytest.raises(httpx2.HTTPStatusError):
            await desk.bring_face(DIGEST)
