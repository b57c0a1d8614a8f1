"""The node's HTTP client: pieces of a known length from honest servers, and an end to everything else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from firmware.node.http import LINE_MAX, Answer, Http, HttpBroken
from tests.servers.process import free_port

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextlib.asynccontextmanager
async def server(*answers: bytes) -> AsyncIterator[tuple[Http, list[bytes]]]:
    """Serve these answers, one after another, on one connection; yield a connected client, and what it asked."""
    port, asked = free_port(), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            for answer in answers:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                for at in range(0, len(answer), 700):
                    writer.write(answer[at : at + 700])
                    await writer.drain()
            await reader.read(1)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    http = Http("127.0.0.1", port)
    await http.open()
    try:
        yield http, asked
    finally:
        await http.close()
        listening.close()


async def got(http: Http, length_max: int = 10_000) -> tuple[Answer, bytes]:
    pieces: list[bytes] = []
    answer = await http.get("/x?y=1", {"Esik-Device": "gate-1"}, pieces.append, length_max)
    return answer, b"".join(pieces)


async def test_two_answers_come_over_one_connection() -> None:
    ranged = (
        b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-2999/9000\r\nContent-Length: 3000\r\n\r\n"
        + b"x" * 3000
    )
    async with server(OK, ranged) as (http, asked):
        first, body = await got(http)
        second, more = await got(http)

    assert (first.status, first.length, first.total, body) == (200, 5, 5, b"hello")
    assert (second.status, second.total, more) == (206, 9000, b"x" * 3000)
    assert asked[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nEsik-Device: gate-1\r\n" in asked[0]


async def test_what_was_left_of_a_connection_is_no_answer_on_the_next() -> None:
    async with server(OK + b"HTTP/1.1 404 Left Over\r\nContent-Length: 0\r\n\r\n") as (http, asked):
        await got(http)
        await http.close()
        await http.open()
        answer, body = await got(http)

    assert (answer.status, body, len(asked)) == (200, b"hello", 2)


async def test_a_refusal_is_told_and_its_body_thrown_away() -> None:
    refusal = b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 4\r\n\r\nbusy"
    async with server(refusal, OK) as (http, _):
        answer, body = await got(http)
        again, _ = await got(http)

    assert (answer.status, answer.retry_after_s, body, again.status) == (503, 30, b"", 200)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno length",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (LINE_MAX + 600) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60 + b"\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
    ],
)
async def test_what_is_no_answer_to_go_by_is_refused(answer: bytes) -> None:
    async with server(answer) as (http, _):
        with pytest.raises((HttpBroken, UnicodeError)):
            await got(http)


async def test_an_answer_that_is_cut_off_is_an_end() -> None:
    async with server(OK[:-2]) as (http, _):
        reading = asyncio.create_task(got(http))
        await asyncio.sleep(0.05)
        await http.close()
        with pytest.raises((EOFError, OSError)):
            await reading


async def test_a_client_that_is_not_open_asks_nothing() -> None:
    with pytest.raises(EOFError):
        await got(Http("127.0.0.1", 1))
